// Colours of what is drawn: blue, green, red.
#pragma once

#include <opencv2/core/types.hpp>

namespace app {

/// A colour for a number, the same in every run; neighbours differ well.
cv::Scalar colourOf(int index);

/// Black or white, whichever stands out more on `colour`.
cv::Scalar inkOn(const cv::Scalar& colour);

}  // namespace app
