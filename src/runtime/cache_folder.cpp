#include "runtime/cache_folder.hpp"

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <optional>
#include <system_error>

#if !defined(_WIN32)
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#endif

namespace trtyolo {
namespace {

constexpr const char* kAdvice = "; TRTYOLO_CACHE names another folder, of mode 0700";

struct Choice {
  std::filesystem::path path;
  bool own;  // named by the library, not by the user
};

std::optional<Choice> chosenFolder() {
  const auto variable = [](const char* name) {
    const char* const value = std::getenv(name);
    return std::filesystem::path(value ? value : "");
  };
  if (const auto said = variable("TRTYOLO_CACHE"); !said.empty()) {
    return Choice{said, false};
  }
  if (const auto caches = variable("XDG_CACHE_HOME"); caches.is_absolute()) {  // relative ones do not count, says XDG
    return Choice{caches / "trtyolo", true};
  }
  if (const auto home = variable("HOME"); home.is_absolute()) {
    return Choice{home / ".cache" / "trtyolo", true};
  }
  return std::nullopt;
}

#if !defined(_WIN32)

// Makes a folder that is missing, and those above it, for this user alone. What cannot be made is seen afterwards.
void makeFolder(const std::filesystem::path& folder) {
  constexpr mode_t kOwner = 0700;
  std::filesystem::path path;
  for (const auto& part : folder) {
    path /= part;
    ::mkdir(path.c_str(), kOwner);
  }
}

// Why a folder cannot be trusted; empty if it can.
std::string whyNotPrivate(const Choice& choice) {
  constexpr mode_t kOthers = 0077, kOwner = 0700;
  const int folder = ::open(choice.path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC | (choice.own ? O_NOFOLLOW : 0));
  if (folder < 0) {
    const std::string why = std::generic_category().message(errno);
    std::error_code ignored;
    return choice.own && std::filesystem::is_symlink(choice.path, ignored) ? "it is a link" : why;
  }
  struct stat found {};
  std::string why;
  if (fstat(folder, &found) != 0) {
    why = std::generic_category().message(errno);
  } else if (found.st_uid != geteuid()) {
    why = "it belongs to another user";
  } else if ((found.st_mode & kOthers) != 0 && !(choice.own && fchmod(folder, kOwner) == 0)) {
    why = "other users may use it; 'chmod 700' closes it to them";
  } else if (::access(choice.path.c_str(), W_OK | X_OK) != 0) {
    why = "no files can be made in it: " + std::generic_category().message(errno);
  }
  ::close(folder);
  return why;
}

// Why another folder can be put in the place of this one, which has no links; empty if none can.
std::string whyReplaceable(const std::filesystem::path& folder) {
  std::filesystem::path above = folder;
  while (above.has_relative_path()) {
    above = above.parent_path();
    struct stat found {};
    if (::stat(above.c_str(), &found) != 0 || ((found.st_mode & S_IWOTH) != 0 && (found.st_mode & S_ISVTX) == 0)) {
      return "everybody may replace what is in '" + above.string() + "'";
    }
  }
  return "";
}

#else

void makeFolder(const std::filesystem::path& folder) {
  std::error_code ignored;
  std::filesystem::create_directories(folder, ignored);
}

std::string whyNotPrivate(const Choice& choice) {
  std::error_code ignored;
  return std::filesystem::is_directory(choice.path, ignored) ? "" : "it cannot be made";
}

std::string whyReplaceable(const std::filesystem::path&) {
  return "";
}

#endif

}  // namespace

CacheFolder openCacheFolder() {
  const std::optional<Choice> choice = chosenFolder();
  if (!choice) {
    return {"", std::string("none of TRTYOLO_CACHE, XDG_CACHE_HOME and HOME names a folder") + kAdvice};
  }
  std::string said = "'";
  said += choice->path.string() + "': ";
  std::error_code error;
  const std::filesystem::path path = std::filesystem::absolute(choice->path, error);
  makeFolder(path);
  if (const std::string why = whyNotPrivate({path, choice->own}); !why.empty()) {
    return {"", said + why + kAdvice};
  }
  const std::filesystem::path canonical = std::filesystem::canonical(path, error);
  if (const std::string why = error ? error.message() : whyReplaceable(canonical); !why.empty()) {
    return {"", said + why + kAdvice};
  }
  return {canonical.string(), ""};
}

std::string cachedEngineName(const std::string& model, const std::string& key) {
  constexpr std::size_t kMostOfStem = 100;  // a name has 255 bytes at most
  return std::filesystem::path(model).stem().string().substr(0, kMostOfStem) + "-" + key + ".engine";
}

std::string timingsName(const std::string& gpu, const std::string& version) {
  std::string name = "timings-" + gpu + "-" + version;
  std::replace_if(
      name.begin(), name.end(), [](unsigned char letter) { return std::isalnum(letter) == 0 && letter != '.'; }, '-');
  return name;
}

}  // namespace trtyolo
