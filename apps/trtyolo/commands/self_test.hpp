// Self-tests of model files, as info shows them, and build and self-test make them.
#pragma once

#include <string>

#include "trtyolo.hpp"
#include "writers/json.hpp"

namespace app {

/// Puts a self-test into `file`, with the images of a folder, in the order of their names, or, if that is empty, with
/// the built-in ones.
/// @throws std::runtime_error  the folder has no image, or one cannot be read
trtyolo::SelfTestReport makeSelfTest(const std::string& file, const std::string& reference, const std::string& folder,
                                     const trtyolo::InferOption& option);

/// All of a report; lines of the width of info's titles.
std::string selfTestText(const trtyolo::SelfTestReport& report);
Json selfTestJson(const trtyolo::SelfTestReport& report);

}  // namespace app
