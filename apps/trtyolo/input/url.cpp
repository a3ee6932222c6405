// URLs: see url.hpp.
#include "input/url.hpp"

#include <curl/curl.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <memory>
#include <stdexcept>

#include "input/image_file.hpp"
#include "terminal/interrupt.hpp"

namespace app {
namespace {

constexpr long kPatience = 15, kHeadPatience = 5, kLongest = 120;  // seconds

std::string lower(std::string_view text) {
  std::string small(text);
  std::transform(small.begin(), small.end(), small.begin(),
                 [](unsigned char letter) { return static_cast<char>(std::tolower(letter)); });
  return small;
}

struct Transfer {
  CURL* curl = nullptr;
  Bytes bytes;
  bool pictureOnly = false, noPicture = false, tooLarge = false;
};

std::string typeOf(CURL* curl) {
  const char* type = nullptr;
  curl_easy_getinfo(curl, CURLINFO_CONTENT_TYPE, &type);
  std::string text = lower(type == nullptr ? "" : type);
  text.resize(std::min(text.find_first_of("; "), text.size()));
  return text;
}

bool isGone(CURL* curl) {
  constexpr long kNotFound = 404, kGone = 410;
  long answer = 0;
  curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &answer);
  return answer == kNotFound || answer == kGone;
}

bool isSeries(const std::string& type) {
  return type.starts_with("multipart/") || type.starts_with("video/") || type.starts_with("audio/");
}

extern "C" std::size_t takeBytes(char* data, std::size_t, std::size_t count, void* user) {
  Transfer& transfer = *static_cast<Transfer*>(user);
  transfer.tooLarge = transfer.bytes.size() + count > kMostBytes;
  if (transfer.tooLarge) return 0;
  try {
    transfer.bytes.insert(transfer.bytes.end(), data, data + count);
    const bool enough = transfer.bytes.size() >= trtyolo::kSignatureBytes;
    transfer.noPicture = transfer.pictureOnly &&
                         (isSeries(typeOf(transfer.curl)) || (enough && !trtyolo::isImage(encoded(transfer.bytes))));
  } catch (const std::exception&) {
    return 0;
  }
  return transfer.noPicture ? 0 : count;
}

extern "C" int lookForInterrupt(void*, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
  return interrupted() ? 1 : 0;
}

using Curl = std::unique_ptr<CURL, decltype(&curl_easy_cleanup)>;

Curl open(const std::string& url, long patience, long longest) {
  static const CURLcode ready = curl_global_init(CURL_GLOBAL_DEFAULT);
  Curl curl(ready == CURLE_OK ? curl_easy_init() : nullptr, &curl_easy_cleanup);
  if (!curl) throw std::runtime_error("libcurl cannot be started");
  const auto set = [&](CURLoption option, auto value) { curl_easy_setopt(curl.get(), option, value); };
  set(CURLOPT_URL, url.c_str());
  set(CURLOPT_USERAGENT, "trtyolo");
  set(CURLOPT_FOLLOWLOCATION, 1L);
  set(CURLOPT_MAXREDIRS, 10L);
  set(CURLOPT_PROTOCOLS_STR, "http,https");
  set(CURLOPT_HTTPAUTH, CURLAUTH_ANY);
  set(CURLOPT_CONNECTTIMEOUT, patience);
  set(CURLOPT_LOW_SPEED_LIMIT, 1L);
  set(CURLOPT_LOW_SPEED_TIME, patience);
  set(CURLOPT_TIMEOUT, longest);
  set(CURLOPT_NOSIGNAL, 1L);
  set(CURLOPT_NOPROGRESS, 0L);
  set(CURLOPT_XFERINFOFUNCTION, &lookForInterrupt);
  return curl;
}

}  // namespace

bool isWebUrl(std::string_view text) {
  const std::string begin = lower(text.substr(0, 8));
  return begin.starts_with("http://") || begin.starts_with("https://");
}

std::string pathOfUrl(std::string_view url) {
  const std::size_t mark = url.find("://");
  url.remove_prefix(mark == std::string_view::npos ? 0 : mark + 3);
  url = url.substr(0, url.find_first_of("?#"));
  url.remove_prefix(std::min(url.find('/'), url.size()));
  int length = 0;
  const std::unique_ptr<char, decltype(&curl_free)> decoded(
      curl_easy_unescape(nullptr, url.data(), static_cast<int>(url.size()), &length), &curl_free);
  return decoded ? std::string(decoded.get(), static_cast<std::size_t>(length)) : std::string(url);
}

WebAnswer askWebServer(const std::string& url) {
  const Curl curl = open(url, kHeadPatience, 2 * kHeadPatience);
  curl_easy_setopt(curl.get(), CURLOPT_NOBODY, 1L);
  curl_easy_setopt(curl.get(), CURLOPT_FAILONERROR, 1L);
  if (curl_easy_perform(curl.get()) != CURLE_OK) return {false, "", false, isGone(curl.get())};
  curl_off_t length = -1;
  curl_easy_getinfo(curl.get(), CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &length);
  return {true, typeOf(curl.get()), length > 0, false};
}

std::optional<Bytes> fetch(const std::string& url, bool pictureOnly) {
  const Curl curl = open(url, kPatience, kLongest);
  Transfer transfer;
  transfer.curl = curl.get();
  transfer.pictureOnly = pictureOnly;
  std::array<char, CURL_ERROR_SIZE> words{};
  curl_easy_setopt(curl.get(), CURLOPT_FAILONERROR, 1L);
  curl_easy_setopt(curl.get(), CURLOPT_WRITEFUNCTION, &takeBytes);
  curl_easy_setopt(curl.get(), CURLOPT_WRITEDATA, &transfer);
  curl_easy_setopt(curl.get(), CURLOPT_ERRORBUFFER, words.data());
  const CURLcode status = curl_easy_perform(curl.get());
  if (transfer.noPicture) return std::nullopt;
  if (transfer.tooLarge) throw std::runtime_error("what the server sends is larger than 256 MiB");
  if (status != CURLE_OK) {
    if (isGone(curl.get())) throw std::runtime_error("the server has no such file (HTTP 404)");
    throw std::runtime_error(std::string("cannot be fetched: ") +
                             (words.front() != '\0' ? words.data() : curl_easy_strerror(status)));
  }
  if (transfer.bytes.empty()) throw std::runtime_error("the server sends nothing");
  if (pictureOnly && (isSeries(typeOf(curl.get())) || !trtyolo::isImage(encoded(transfer.bytes)))) return std::nullopt;
  return std::move(transfer.bytes);
}

}  // namespace app
