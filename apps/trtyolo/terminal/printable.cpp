// Text for terminals: see printable.hpp.
#include "terminal/printable.hpp"

#include <spdlog/fmt/fmt.h>

namespace app {

std::string printable(std::string_view text) {
  constexpr unsigned char kFirstVisible = 0x20, kDelete = 0x7F, kLead = 0xC2, kC1 = 0x80, kAfterC1 = 0xA0;
  std::string shown;
  shown.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto letter = static_cast<unsigned char>(text[i]);
    const auto next = static_cast<unsigned char>(i + 1 < text.size() ? text[i + 1] : '\0');
    const bool control = (letter < kFirstVisible && letter != '\n' && letter != '\t') || letter == kDelete;
    if (control) {
      shown += fmt::format("\\x{:02x}", letter);
    } else if (letter == kLead && next >= kC1 && next < kAfterC1) {  // those of eight bits, in UTF-8
      shown += fmt::format("\\x{:02x}", next);
      ++i;
    } else {
      shown += text[i];
    }
  }
  return shown;
}

}  // namespace app
