// URLs: what is behind one, what it is called in messages, and pictures from web servers.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "trtyolo/media.hpp"

namespace app {

using Bytes = std::vector<unsigned char>;

using trtyolo::withoutPasswords;

/// True of http:// and https://, in capitals too.
bool isWebUrl(std::string_view text);

/// The path of a URL, percent signs decoded: "/a b.jpg" of http://host/a%20b.jpg?size=1.
std::string pathOfUrl(std::string_view url);

/// What a web server says of a URL without sending it (HEAD).
struct WebAnswer {
  bool known = false;  ///< the server answered, and the rest holds
  std::string type;    ///< Content-Type in small letters, without parameters
  bool whole = false;  ///< it has a length, so it ends
  bool gone = false;   ///< the server knows of no such thing
};
/// Any thread. Never throws for what the server does.
WebAnswer askWebServer(const std::string& url);

/// What is behind a URL (GET), of at most 256 MiB. Nothing if `pictureOnly` and it is no picture by its type or its
/// first bytes, as soon as that is known. A server that cannot be reached or sends nothing for 15 seconds is given up,
/// and so is what takes longer than 2 minutes. Any thread; Ctrl-C ends it.
/// @throws std::runtime_error  says why, without the URL
std::optional<Bytes> fetch(const std::string& url, bool pictureOnly);

}  // namespace app
