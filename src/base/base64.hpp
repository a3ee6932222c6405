// Base64 (RFC 4648, with padding): bytes as text.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace trtyolo {

std::string base64Of(std::span<const std::uint8_t> bytes);

// The reverse; nothing if the text is anything else.
std::optional<std::vector<std::uint8_t>> bytesOfBase64(std::string_view text);

}  // namespace trtyolo
