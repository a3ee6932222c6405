// Text for terminals and for files of text: names and errors may hold any bytes.
#pragma once

#include <string>
#include <string_view>

namespace app {

/// The text with what would steer a terminal written out (\x1b, \u202e): control characters, but for line ends and
/// tabs, those that turn the direction of what follows, and bytes that are no UTF-8. Names of files and of classes, and
/// what others say in errors, are anybody's.
std::string printable(std::string_view text);

/// The text with its line ends written out, too (\n): one that is part of a message must not begin another.
std::string oneLine(std::string_view text);

/// The text with U+FFFD in place of each byte that is no UTF-8.
std::string validUtf8(std::string_view text);

}  // namespace app
