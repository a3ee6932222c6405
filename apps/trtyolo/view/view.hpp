// The view in a browser: all sources live, with what is found in them.
#pragma once

#include <cstddef>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "pipeline/item.hpp"
#include "view/feed.hpp"

namespace app {

class HttpServer;
struct HttpAnswer;
struct HttpRequest;
class Pictures;

struct ViewSettings {
  std::string host = "127.0.0.1";  ///< name or address of this machine
  unsigned short port = 0;         ///< 0: any that is free
  /// That browsers must bring; empty: one is made if others than this machine can reach the host, and else none is
  /// needed.
  std::string token = {};
};

/// A page, and what it is made of:
///
///   /            the page
///   /sources     what is known of all sources, as JSON
///   /live        both of the page: JSON each second and pictures as they come; ?sources=0,2: of these only
///   /stream/N    pictures of one source, as they come (MJPEG)
///   /snapshot/N  one picture (JPEG)
///
/// Whoever predicts only puts the latest frame in the mailbox of its feed. Drawing, encoding and sending are left to
/// two threads of the view, which do so for what somebody looks at.
class View {
 public:
  /// Takes the port and answers from now on. `names`: what each feed is called until it has a frame. `model`: what the
  /// page's title says.
  /// @throws std::runtime_error  the port cannot be had, or a thread cannot be started; says why
  View(const ViewSettings& settings, std::string model, const std::vector<std::string>& names);
  /// Ends all connections.
  ~View();
  View(const View&) = delete;
  View& operator=(const View&) = delete;

  /// What to type into a browser; with the token, if one is needed.
  std::string url() const;

  bool needsToken() const { return !token_.empty(); }

  /// See Feed. Any thread.
  Feed& feed(std::size_t i) { return feeds_.at(i); }

 private:
  HttpAnswer answer(const HttpRequest& request);
  std::optional<HttpAnswer> refusal(const HttpRequest& request) const;
  HttpAnswer ofPath(const HttpRequest& request);
  static HttpAnswer page();
  HttpAnswer live(const std::string& query);
  HttpAnswer stream(std::size_t feed);
  HttpAnswer snapshot(std::size_t feed);
  std::shared_ptr<const std::string> status();
  std::string cookie() const;

  const std::string model_;
  std::string token_;  ///< empty: none is needed
  std::deque<Feed> feeds_;
  std::unique_ptr<Pictures> pictures_;
  std::shared_ptr<const std::string> status_;  ///< JSON of a moment ago; the server's thread's, as is its time
  Feed::Clock::time_point statusTime_;
  std::unique_ptr<HttpServer> server_;  ///< last, so that its thread has ended before the rest goes
};

}  // namespace app
