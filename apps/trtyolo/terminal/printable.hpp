// Text for terminals.
#pragma once

#include <string>
#include <string_view>

namespace app {

/// The text with its control characters, but for line ends and tabs, written out (\x1b): names of files and of classes,
/// and what others say in errors, must not steer a terminal.
std::string printable(std::string_view text);

}  // namespace app
