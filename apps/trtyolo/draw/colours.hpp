// Colours of what is drawn: blue, green, red.
#pragma once

#include <opencv2/core/types.hpp>

namespace app {

/// A colour for a number, the same in every run; numbers near each other have different ones.
cv::Scalar colourOf(int index);

/// The colour of a share from 0 (far, blue) to 1 (near, red), over green.
cv::Scalar heatOf(double share);

/// Black or white, whichever stands out more on `colour`.
cv::Scalar inkOn(const cv::Scalar& colour);

}  // namespace app
