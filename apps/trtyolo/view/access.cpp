// Who may look at a view: see access.hpp.
#include "view/access.hpp"

#include <array>
#include <boost/asio/ip/address.hpp>
#include <cctype>
#include <stdexcept>

#if defined(_WIN32)
#include <random>
#else
#include <sys/random.h>
#include <unistd.h>
#endif

namespace app {
namespace {

using Bytes16 = std::array<unsigned char, 16>;

Bytes16 randomBytes() {
  Bytes16 bytes{};
#if defined(_WIN32)
  std::random_device device;  // the system's
  for (unsigned char& byte : bytes) byte = static_cast<unsigned char>(device());
#else
  if (getentropy(bytes.data(), bytes.size()) != 0) {
    throw std::runtime_error("the system gives no random numbers for a token; give one with --view-token");
  }
#endif
  return bytes;
}

bool isLocalhost(std::string_view name) {
  constexpr std::string_view kName = "localhost";
  if (name.size() != kName.size()) return false;
  for (std::size_t i = 0; i < name.size(); ++i) {
    if (std::tolower(static_cast<unsigned char>(name[i])) != kName[i]) return false;
  }
  return true;
}

}  // namespace

std::string randomToken() {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string token;
  for (const unsigned char byte : randomBytes()) {
    token += kDigits[byte >> 4U];
    token += kDigits[byte & 0xFU];
  }
  return token;
}

bool sameToken(std::string_view given, std::string_view token) {
  unsigned different = given.size() == token.size() ? 0 : 1;
  for (std::size_t i = 0; i < given.size(); ++i) {
    const char right = token.empty() ? '\0' : token[i % token.size()];
    different |= static_cast<unsigned>(static_cast<unsigned char>(given[i]) ^ static_cast<unsigned char>(right));
  }
  return different == 0;
}

bool namesLoopback(std::string_view host) {
  const bool bracketed = host.starts_with('[');
  const std::size_t end = bracketed ? host.find(']') : host.rfind(':');
  if (bracketed && end == std::string_view::npos) return false;
  const std::string_view name = bracketed ? host.substr(1, end - 1) : host.substr(0, end);
  if (isLocalhost(name)) return !bracketed;
  boost::system::error_code error;
  const auto address = boost::asio::ip::make_address(std::string(name), error);
  return !error && address.is_loopback() && address.is_v6() == bracketed;
}

std::string_view valueOf(std::string_view name, std::string_view pairs, char separator) {
  while (!pairs.empty()) {
    const std::size_t end = pairs.find(separator);
    std::string_view pair = pairs.substr(0, end);
    while (pair.starts_with(' ')) pair.remove_prefix(1);
    if (pair.starts_with(name) && pair.substr(name.size()).starts_with('=')) return pair.substr(name.size() + 1);
    pairs.remove_prefix(end == std::string_view::npos ? pairs.size() : end + 1);
  }
  return {};
}

}  // namespace app
