#include "runtime/library_folders.hpp"

#include <mutex>
#include <utility>

namespace trtyolo {
namespace {

struct Folders {
  std::mutex mutex;
  std::vector<std::string> list;
};

Folders& folders() {
  static Folders* const all = new Folders;  // never destroyed: threads may ask while the process ends
  return *all;
}

}  // namespace

void setLibraryFolders(std::vector<std::string> list) {
  Folders& all = folders();
  const std::lock_guard lock(all.mutex);
  all.list = std::move(list);
}

std::vector<std::string> libraryFolders() {
  Folders& all = folders();
  const std::lock_guard lock(all.mutex);
  return all.list;
}

}  // namespace trtyolo
