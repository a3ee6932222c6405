// A small HTTP server: see http_server.hpp.
#include "view/http_server.hpp"

#include <array>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/host_name.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/bind_handler.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/http/write.hpp>
#include <chrono>
#include <cstddef>
#include <stdexcept>
#include <string_view>
#include <thread>

#include "pipeline/threads.hpp"

namespace app {

/// What all connections share; the server's thread's.
struct HttpShared {
  HttpServer::Handler handler;
  std::size_t connections = 0, streams = 0;
  std::function<void()> oneHasGone;
};

namespace {

namespace net = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using net::ip::tcp;

constexpr auto kPatience = std::chrono::seconds(10);    // for a request, and for what is sent to be taken
constexpr auto kLook = std::chrono::milliseconds(15);   // between two questions for a part or an answer
constexpr auto kRest = std::chrono::milliseconds(200);  // where the system gives no connection
constexpr std::size_t kMostConnections = 96, kMostStreams = 64;
constexpr std::size_t kMostHeader = 16384;
constexpr std::string_view kBoundary = "frame", kNextPart = "\r\n--frame\r\n";

/// Counts one while it exists.
class Counted {
 public:
  explicit Counted(std::size_t& count) : count_(count) { ++count_; }
  ~Counted() { --count_; }
  Counted(const Counted&) = delete;
  Counted& operator=(const Counted&) = delete;

 private:
  std::size_t& count_;
};

/// One connection, kept by what it waits for.
class Connection : public std::enable_shared_from_this<Connection> {
 public:
  Connection(tcp::socket socket, HttpShared& shared)
      : stream_(std::move(socket)), timer_(stream_.get_executor()), shared_(shared), counted_(shared.connections) {}

  ~Connection() {
    if (shared_.oneHasGone) shared_.oneHasGone();
  }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  void read() {
    parser_.emplace();
    parser_->header_limit(kMostHeader);
    stream_.expires_after(kPatience);
    http::async_read_header(stream_, buffer_, *parser_,
                            beast::bind_front_handler(&Connection::onRequest, shared_from_this()));
  }

 private:
  void onRequest(beast::error_code error, std::size_t) {
    keepAlive_ = false;
    if (error) {
      // A request that is none gets an answer; a connection that has ended or waited too long does not.
      const bool malformed = error.category() == make_error_code(http::error::bad_target).category() &&
                             error != http::error::end_of_stream && error != http::error::partial_message;
      if (malformed) send({400, "text/plain; charset=utf-8", "This is no request that HTTP/1.1 knows.\n"});
      return;
    }
    const auto& request = parser_->get();
    keepAlive_ = parser_->is_done() && request.keep_alive();  // a body is not read
    version_ = request.version();
    headOnly_ = request.method() == http::verb::head;
    if (!headOnly_ && request.method() != http::verb::get) {
      send({405, "text/plain; charset=utf-8", "There are only GET and HEAD here.\n", {{"Allow", "GET, HEAD"}}});
      return;
    }
    const std::string target(request.target());
    const std::size_t end = target.find('?');
    send(askedFor([&] {
      return shared_.handler({target.substr(0, end), end == std::string::npos ? "" : target.substr(end + 1),
                              std::string(request[http::field::host]), std::string(request[http::field::cookie]),
                              std::string(request[http::field::authorization])});
    }));
  }

  template <typename Ask>
  static auto askedFor(const Ask& ask) -> decltype(ask()) {
    try {
      return ask();
    } catch (const std::exception& error) {
      return HttpAnswer{500, "text/plain; charset=utf-8", std::string(error.what()) + "\n"};
    }
  }

  void send(HttpAnswer answer) {
    answer_ = std::move(answer);
    if (answer_.later) return sendLater();
    if (answer_.parts && shared_.streams >= kMostStreams) {
      answer_ = {503, "text/plain; charset=utf-8", "As many watch already as this program serves.\n"};
    }
    response_ = {};
    response_.version(version_);
    response_.result(static_cast<unsigned>(answer_.status));
    for (const auto& [name, value] : answer_.headers) response_.insert(name, value);
    if (answer_.parts) return sendParts();
    response_.set(http::field::content_type, answer_.type);
    response_.keep_alive(keepAlive_);
    response_.content_length(answer_.body.size());
    if (!headOnly_) response_.body() = std::move(answer_.body);
    write(&Connection::onSent);
  }

  void sendLater() {
    std::optional<HttpAnswer> answer = askedFor([this] { return answer_.later(); });
    if (!answer) return wait(&Connection::sendLater);
    answer->headers.insert(answer->headers.end(), answer_.headers.begin(), answer_.headers.end());
    send(std::move(*answer));
  }

  /// The body ends with the connection, so that it needs no length.
  void sendParts() {
    response_.set(http::field::content_type, answer_.type + "; boundary=" + std::string(kBoundary));
    response_.keep_alive(false);
    keepAlive_ = false;
    if (headOnly_) return write(&Connection::onSent);
    response_.body() = kNextPart;
    streaming_.emplace(shared_.streams);
    write(&Connection::onPartSent);
  }

  void write(void (Connection::*then)(beast::error_code, std::size_t)) {
    stream_.expires_after(kPatience);
    http::async_write(stream_, response_, beast::bind_front_handler(then, shared_from_this()));
  }

  void onSent(beast::error_code error, std::size_t) {
    if (!error && keepAlive_) return read();
    static_cast<void>(stream_.socket().shutdown(tcp::socket::shutdown_send, error));
  }

  void onPartSent(beast::error_code error, std::size_t) {
    if (!error) nextPart();
  }

  void nextPart() {
    part_ = answer_.parts();
    if (!part_) return wait(&Connection::nextPart);
    head_ = "Content-Type: " + part_->type + "\r\nContent-Length: " + std::to_string(part_->body->size()) + "\r\n";
    if (!part_->header.empty()) head_ += part_->header + "\r\n";
    head_ += "\r\n";
    // The next part's boundary comes with this one: browsers show a picture when they have seen what ends it.
    const std::array<net::const_buffer, 3> buffers{net::buffer(head_), net::buffer(*part_->body),
                                                   net::buffer(kNextPart.data(), kNextPart.size())};
    stream_.expires_after(kPatience);
    net::async_write(stream_, buffers, beast::bind_front_handler(&Connection::onPartSent, shared_from_this()));
  }

  void wait(void (Connection::*then)()) {
    timer_.expires_after(kLook);
    timer_.async_wait([self = shared_from_this(), then](beast::error_code error) {
      if (!error) (self.get()->*then)();
    });
  }

  beast::tcp_stream stream_;
  net::steady_timer timer_;
  HttpShared& shared_;
  beast::flat_buffer buffer_{kMostHeader};
  std::optional<http::request_parser<http::empty_body>> parser_;
  bool keepAlive_ = false, headOnly_ = false;
  unsigned version_ = 11;
  HttpAnswer answer_;
  http::response<http::string_body> response_;
  std::optional<HttpPart> part_;  ///< that is being sent, and its headers
  std::string head_;
  std::optional<Counted> streaming_;
  Counted counted_;
};

tcp::endpoint endpointOf(net::io_context& io, const std::string& host, unsigned short port) {
  beast::error_code error;
  const auto found = tcp::resolver(io).resolve(host, std::to_string(port), tcp::resolver::passive, error);
  if (error || found.empty()) throw std::runtime_error("'" + host + "' is no address of this machine");
  return found.begin()->endpoint();
}

/// Of a socket that is to be bound: the reason in words.
std::string reasonOf(const beast::error_code& error, const tcp::endpoint& endpoint) {
  const std::string port = "port " + std::to_string(endpoint.port());
  if (error == net::error::address_in_use) return port + " is in use; give another, or 0 for any that is free";
  if (error == net::error::access_denied) return port + " is not for everybody; give one from 1024 on";
  if (error == beast::errc::address_not_available) {
    return "'" + endpoint.address().to_string() + "' is no address of this machine";
  }
  return error.message();
}

}  // namespace

class HttpServer::Impl {
 public:
  Impl(const std::string& host, unsigned short port) : acceptor_(io_), timer_(io_) {
    const tcp::endpoint endpoint = endpointOf(io_, host, port);
    try {
      acceptor_.open(endpoint.protocol());
      acceptor_.set_option(tcp::acceptor::reuse_address(true));
      acceptor_.bind(endpoint);
      acceptor_.listen();
    } catch (const boost::system::system_error& error) {
      throw std::runtime_error(reasonOf(error.code(), endpoint));
    }
    local_ = acceptor_.local_endpoint();
  }

  ~Impl() {
    io_.stop();
    thread_ = {};
    shared_.oneHasGone = nullptr;
  }
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  void start(Handler handler) {
    shared_.handler = std::move(handler);
    shared_.oneHasGone = [this] { acceptIfThereIsRoom(); };
    accept();
    thread_ = startThread([this] { run(); });
  }

  const tcp::endpoint& local() const { return local_; }

 private:
  void run() {
    for (bool ended = false; !ended;) {
      try {
        io_.run();
        ended = true;
      } catch (const std::exception&) {  // of one connection, which has gone with it
      }
    }
  }

  void acceptIfThereIsRoom() {
    if (full_) net::post(io_, [this] { accept(); });
    full_ = false;
  }

  void accept() {
    full_ = shared_.connections >= kMostConnections;
    if (full_) return;
    acceptor_.async_accept([this](beast::error_code error, tcp::socket socket) {
      if (!error) {
        static_cast<void>(socket.set_option(tcp::no_delay(true), error));
        try {
          std::make_shared<Connection>(std::move(socket), shared_)->read();
        } catch (const std::exception&) {  // there is no memory for it
        }
        return accept();
      }
      timer_.expires_after(kRest);  // no file is left to be opened, perhaps
      timer_.async_wait([this](beast::error_code stopped) {
        if (!stopped) accept();
      });
    });
  }

  HttpShared shared_;  ///< outlives the connections, which the context has
  net::io_context io_{1};
  tcp::acceptor acceptor_;
  net::steady_timer timer_;
  tcp::endpoint local_;
  bool full_ = false;
  std::jthread thread_;
};

HttpServer::HttpServer(const std::string& host, unsigned short port) : impl_(std::make_unique<Impl>(host, port)) {}

HttpServer::~HttpServer() = default;

void HttpServer::start(Handler handler) {
  impl_->start(std::move(handler));
}

unsigned short HttpServer::port() const {
  return impl_->local().port();
}

bool HttpServer::isLoopback() const {
  return impl_->local().address().is_loopback();
}

std::string HttpServer::url() const {
  const net::ip::address address = impl_->local().address();
  std::string host = address.is_v6() ? "[" + address.to_string() + "]" : address.to_string();
  if (address.is_unspecified()) {
    beast::error_code error;
    const std::string name = net::ip::host_name(error);
    if (!error && !name.empty()) host = name;
  }
  return "http://" + host + ":" + std::to_string(port());
}

}  // namespace app
