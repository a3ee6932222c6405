// A small HTTP server: short answers, and bodies of many parts without an end.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace app {

struct HttpRequest {
  std::string path;                         ///< "/sources", as sent, without what follows a question mark
  std::string query;                        ///< what follows it
  std::string host, cookie, authorization;  ///< the headers of these names; empty if there are none
};

/// One of the parts of a body, each of a type of its own.
struct HttpPart {
  std::string type;                         ///< "image/jpeg"
  std::shared_ptr<const std::string> body;  ///< not null; shared by all who get it
  std::string header = {};                  ///< one more, "Name: value", if it is not empty
};

struct HttpAnswer {
  /// Asked by the server's thread several times a second, and as soon as what it gave last was sent; must not wait.
  template <typename What>
  using Source = std::function<std::optional<What>()>;

  int status = 200;
  std::string type = "text/plain; charset=utf-8";
  std::string body = {};
  std::vector<std::pair<std::string, std::string>> headers = {};  ///< beside the type and the length; also of `later`
  Source<HttpPart> parts = {};    ///< if it is there: in the place of `body`, until the client has gone; `type` is
                                  ///< "multipart/mixed" or the like, without a boundary
  Source<HttpAnswer> later = {};  ///< if it is there: the answer itself, as soon as there is one
};

/// Answers GET and HEAD, any number of requests to a connection, in one thread of its own. Nobody can hold it up: no
/// connection is waited for, and one that sends no request, or takes none of what it is sent, for 10 seconds is closed.
/// A client that is slower than the parts of its body misses some. There are at most 96 connections; more have to wait.
/// At most 64 of them get bodies of parts; others are told so.
class HttpServer {
 public:
  using Handler = std::function<HttpAnswer(const HttpRequest&)>;

  /// Takes the port; connections are answered from start() on.
  /// `host`: name or address of this machine. `port`: 0 is any that is free.
  /// @throws std::runtime_error  says why it cannot be had
  HttpServer(const std::string& host, unsigned short port);
  /// Closes all connections.
  ~HttpServer();
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  /// `handler` is called by the server's thread; what it throws becomes an answer of status 500. Once.
  /// @throws std::runtime_error  a thread cannot be started
  void start(Handler handler);

  unsigned short port() const;
  /// True if only this machine can reach it.
  bool isLoopback() const;
  /// What to type into a browser, without a path: "http://127.0.0.1:8080". If it listens to all of its machine's
  /// addresses, by the machine's name.
  std::string url() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace app
