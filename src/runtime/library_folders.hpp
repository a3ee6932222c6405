// Folders in which a backend looks for libraries that it opens when it needs them, after the loader's own paths: those
// of Python's packages, for instance.
#pragma once

#include <string>
#include <vector>

namespace trtyolo {

// Replaces the list. Any thread; what has been opened stays.
void setLibraryFolders(std::vector<std::string> folders);

std::vector<std::string> libraryFolders();

}  // namespace trtyolo
