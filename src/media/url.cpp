// URLs in messages.
#include <algorithm>
#include <array>
#include <cctype>
#include <string>
#include <string_view>

#include "trtyolo/media.hpp"

namespace trtyolo {
namespace {

constexpr const char* kHidden = "***";

bool isSchemeLetter(char letter) {
  return std::isalnum(static_cast<unsigned char>(letter)) != 0 || letter == '+' || letter == '-' || letter == '.';
}

bool isSecret(std::string_view parameter) {
  constexpr std::array kSecrets{"pass", "pwd", "token", "secret", "key", "auth", "signature", "credential"};
  std::string name(parameter);
  std::transform(name.begin(), name.end(), name.begin(),
                 [](unsigned char letter) { return static_cast<char>(std::tolower(letter)); });
  return std::any_of(kSecrets.begin(), kSecrets.end(),
                     [&](const char* secret) { return name.find(secret) != std::string::npos; });
}

// Where a URL's user and password end, as a position in what follows "://"; 0 if it names none.
std::size_t userEnd(std::string_view rest) {
  const std::size_t end = std::min(rest.find_first_of("/?#"), rest.size());
  const std::size_t at = rest.substr(0, end).rfind('@');
  if (at != std::string_view::npos) {
    return at;
  }
  // A password with a slash in it: user:pa/ss@host. No port would have letters.
  const std::size_t colon = rest.substr(0, end).rfind(':'), later = rest.rfind('@');
  if (colon == std::string_view::npos || later == std::string_view::npos || rest.front() == '[') {
    return 0;
  }
  const std::string_view port = rest.substr(colon + 1, end - colon - 1);
  const bool number = std::all_of(port.begin(), port.end(), [](unsigned char c) { return std::isdigit(c) != 0; });
  return number ? 0 : later;
}

std::string withoutSecretParameters(std::string_view text) {
  std::string shown;
  std::size_t position = text.find('?');
  if (position == std::string_view::npos) {
    return std::string(text);
  }
  shown = text.substr(0, position);
  while (position < text.size()) {
    const std::size_t next = std::min(text.find_first_of("&#", position + 1), text.size());
    const std::string_view part = text.substr(position, next - position);
    const std::size_t equals = part.find('=');
    const bool secret = equals != std::string_view::npos && isSecret(part.substr(1, equals - 1));
    shown.append(secret ? part.substr(0, equals + 1) : part).append(secret ? kHidden : "");
    position = next;
  }
  return shown;
}

}  // namespace

std::string withoutPasswords(std::string_view text) {
  std::string shown;
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t mark = text.find("://", begin);
    if (mark == std::string_view::npos || mark == begin || !isSchemeLetter(text[mark - 1])) {
      const std::size_t end = mark == std::string_view::npos ? text.size() : mark + 3;
      shown += text.substr(begin, end - begin);
      begin = end;
      continue;
    }
    shown += text.substr(begin, mark + 3 - begin);
    const std::size_t end = std::min(text.find_first_of(" \t\r\n'\"<>", mark + 3), text.size());
    std::string_view rest = text.substr(mark + 3, end - mark - 3);
    if (const std::size_t user = rest.empty() ? 0 : userEnd(rest); user > 0) {
      shown += kHidden;
      rest.remove_prefix(user);
    }
    shown += withoutSecretParameters(rest);
    begin = end;
  }
  return shown;
}

}  // namespace trtyolo
