// Names of classes.
#pragma once

#include <string>
#include <vector>

#include "trtyolo.hpp"

namespace app {

/// Class names by index.
using Names = std::vector<std::string>;

/// Those of a model; a class without a name has its number.
Names namesOf(const trtyolo::ModelInfo& info);

/// The lines of a file; empty ones at its end do not count.
/// @throws std::runtime_error  names the file, which cannot be read or is empty
Names readNames(const std::string& file);

}  // namespace app
