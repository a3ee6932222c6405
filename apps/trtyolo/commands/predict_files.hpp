// The command predict as bench measures it.
#pragma once

#include <cstddef>
#include <functional>

#include "encoded.hpp"

namespace app {

/// See bench::PredictFiles.
std::function<bench::Speed(std::size_t images)> predictFiles(bench::FilesWork work);

}  // namespace app
