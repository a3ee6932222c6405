// The view in a browser: see view.hpp.
#include "view/view.hpp"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <stdexcept>
#include <string_view>
#include <utility>

#include "view/access.hpp"
#include "view/http_server.hpp"
#include "view/page.hpp"
#include "view/pictures.hpp"
#include "view/status.hpp"

namespace app {
namespace {

using Clock = Feed::Clock;

constexpr auto kStatus = std::chrono::seconds(1);       // between two reports to a page
constexpr auto kSame = std::chrono::milliseconds(200);  // for which one report serves all
constexpr auto kAlive = std::chrono::seconds(5);        // after which a picture is sent again, to see who has gone
constexpr auto kSnapshot = std::chrono::seconds(10);    // for a picture to be made

constexpr const char *kText = "text/plain; charset=utf-8", *kJson = "application/json", *kJpeg = "image/jpeg";

HttpAnswer sentence(int status, const std::string& why) {
  return {status, kText, why + "\n"};
}

std::optional<std::size_t> indexIn(std::string_view text, std::size_t count) {
  std::size_t index = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), index);
  if (error != std::errc() || end != text.data() + text.size() || index >= count) return std::nullopt;
  return index;
}

/// Gives what is new to one who looks.
class Watch {
 public:
  Watch(Pictures& pictures, const std::vector<std::size_t>& feeds) : pictures_(pictures) {
    seen_.reserve(feeds.size());
    for (const std::size_t feed : feeds) seen_.push_back({feed, 0, Clock::now()});
  }

  /// The next picture that has not been given yet, in turns; one again after `again`, if that is there.
  std::optional<HttpPart> next(std::optional<Clock::duration> again = std::nullopt) {
    const Clock::time_point now = Clock::now();
    for (std::size_t i = 0; i < seen_.size(); ++i) {
      Seen& seen = seen_[(turn_ + i) % seen_.size()];
      Pictures::Picture picture = pictures_.ask(seen.feed);
      if (!picture.jpeg || (picture.number == seen.number && !(again && now - seen.time > *again))) continue;
      seen.number = picture.number;
      seen.time = now;
      turn_ = (turn_ + i + 1) % seen_.size();
      return HttpPart{kJpeg, std::move(picture.jpeg), "X-Source: " + std::to_string(seen.feed)};
    }
    return std::nullopt;
  }

 private:
  struct Seen {
    std::size_t feed;
    long number;
    Clock::time_point time;
  };

  Pictures& pictures_;
  std::vector<Seen> seen_;
  std::size_t turn_ = 0;
};

}  // namespace

View::View(const ViewSettings& settings, std::string model, const std::vector<std::string>& names)
    : model_(std::move(model)), token_(settings.token) {
  for (const std::string& name : names) feeds_.emplace_back(name);
  server_ = std::make_unique<HttpServer>(settings.host, settings.port);
  if (token_.empty() && !server_->isLoopback()) token_ = randomToken();
  pictures_ = std::make_unique<Pictures>(feeds_);
  server_->start([this](const HttpRequest& request) { return answer(request); });
}

View::~View() = default;

std::string View::url() const {
  return server_->url() + (token_.empty() ? "/" : "/?token=" + token_);
}

/// Cookies know of no ports, and there may be other views on this machine.
std::string View::cookie() const {
  return "trtyolo-view-" + std::to_string(server_->port());
}

HttpAnswer View::answer(const HttpRequest& request) {
  std::optional<HttpAnswer> refused = refusal(request);
  HttpAnswer answer = refused ? std::move(*refused) : ofPath(request);
  answer.headers.emplace_back("Cache-Control", "no-store");
  answer.headers.emplace_back("Referrer-Policy", "no-referrer");
  answer.headers.emplace_back("X-Content-Type-Options", "nosniff");
  answer.headers.emplace_back("Cross-Origin-Resource-Policy", "same-origin");
  return answer;
}

/// Nothing if the request may be answered.
std::optional<HttpAnswer> View::refusal(const HttpRequest& request) const {
  if (server_->isLoopback() && !namesLoopback(request.host)) {
    return sentence(403, "This view is on the loopback of its machine only, and has no other name.");
  }
  if (token_.empty()) return std::nullopt;
  constexpr std::string_view kBearer = "Bearer ";
  const std::string_view authorization = request.authorization;
  const std::string_view header = authorization.starts_with(kBearer) ? authorization.substr(kBearer.size()) : "";
  if (sameToken(valueOf(cookie(), request.cookie, ';'), token_) || sameToken(header, token_)) return std::nullopt;
  if (!sameToken(valueOf("token", request.query, '&'), token_)) {
    HttpAnswer answer = sentence(
        401,
        "This view needs its token: open the URL that trtyolo has printed, or send 'Authorization: Bearer TOKEN'.");
    answer.headers.emplace_back("WWW-Authenticate", "Bearer");
    return answer;
  }
  if (request.path != "/") return std::nullopt;
  // The browser remembers the token, and neither its history nor whoever sees its screen does.
  HttpAnswer answer{303};
  answer.headers = {{"Location", "./"}, {"Set-Cookie", cookie() + "=" + token_ + "; HttpOnly; SameSite=Lax"}};
  return answer;
}

HttpAnswer View::ofPath(const HttpRequest& request) {
  const std::string_view path = request.path;
  if (path == "/") return page();
  if (path == "/sources") return {200, kJson, *status()};
  if (path == "/live") return live(request.query);
  constexpr std::string_view kStream = "/stream/", kPicture = "/snapshot/";
  const bool streams = path.starts_with(kStream);
  if (!streams && !path.starts_with(kPicture)) {
    return sentence(404, "There are /, /sources, /stream/N and /snapshot/N here.");
  }
  const auto feed = indexIn(path.substr(streams ? kStream.size() : kPicture.size()), feeds_.size());
  if (!feed) return sentence(404, "Sources have the numbers 0 to " + std::to_string(feeds_.size() - 1) + " here.");
  return streams ? stream(*feed) : snapshot(*feed);
}

/// Nothing but what is in the page may run on it: a number that nobody can guess tells it from what is not.
HttpAnswer View::page() {
  constexpr std::string_view kNonce = "NONCE";
  const std::string nonce = randomToken();
  HttpAnswer answer{200, "text/html; charset=utf-8", std::string(kPage)};
  for (std::size_t at = 0; (at = answer.body.find(kNonce, at)) != std::string::npos;) {
    answer.body.replace(at, kNonce.size(), nonce);
  }
  answer.headers.emplace_back("Content-Security-Policy", "default-src 'none'; script-src 'nonce-" + nonce +
                                                             "'; style-src 'nonce-" + nonce +
                                                             "'; connect-src 'self'; img-src 'self' data:; "
                                                             "base-uri 'none'; form-action 'none'; "
                                                             "frame-ancestors 'none'");
  return answer;
}

HttpAnswer View::live(const std::string& query) {
  std::vector<std::size_t> feeds;
  std::string_view list = valueOf("sources", query, '&');
  while (!list.empty()) {
    const std::size_t end = std::min(list.find(','), list.size());
    const auto feed = indexIn(list.substr(0, end), feeds_.size());
    if (!feed) return sentence(400, "sources: numbers with commas between them were expected.");
    feeds.push_back(*feed);
    list.remove_prefix(std::min(end + 1, list.size()));
  }
  HttpAnswer answer{200, "multipart/mixed"};
  answer.parts = [this, watch = Watch(*pictures_, feeds),
                  told = Clock::time_point()]() mutable -> std::optional<HttpPart> {
    const Clock::time_point now = Clock::now();
    if (now - told < kStatus) return watch.next();
    told = now;
    return HttpPart{kJson, status()};
  };
  return answer;
}

HttpAnswer View::stream(std::size_t feed) {
  HttpAnswer answer{200, "multipart/x-mixed-replace"};
  answer.parts = [watch = Watch(*pictures_, {feed})]() mutable { return watch.next(kAlive); };
  return answer;
}

HttpAnswer View::snapshot(std::size_t feed) {
  HttpAnswer answer;
  answer.later = [this, feed, number = feeds_[feed].latest().number,
                  end = Clock::now() + kSnapshot]() -> std::optional<HttpAnswer> {
    const Pictures::Picture picture = pictures_->ask(feed);
    const bool recent = picture.jpeg && picture.number >= number;
    if (!recent && Clock::now() < end) return std::nullopt;
    if (!picture.jpeg) return sentence(503, "There is no picture of this source yet.");
    return HttpAnswer{200, kJpeg, *picture.jpeg};
  };
  return answer;
}

/// At most a moment old.
std::shared_ptr<const std::string> View::status() {
  const Clock::time_point now = Clock::now();
  if (!status_ || now - statusTime_ > kSame) {
    status_ = std::make_shared<const std::string>(statusText(model_, feeds_));
    statusTime_ = now;
  }
  return status_;
}

}  // namespace app
