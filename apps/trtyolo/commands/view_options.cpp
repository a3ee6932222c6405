// The options of a view: see view_options.hpp.
#include "commands/view_options.hpp"

#include <spdlog/fmt/fmt.h>

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <filesystem>
#include <iostream>
#include <limits>
#include <stdexcept>
#include <string_view>

#include "commands/command.hpp"

namespace app {
namespace {

unsigned short portOf(std::string_view text, const std::string& given) {
  unsigned short port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (error != std::errc() || end != text.data() + text.size()) {
    throw UsageError(fmt::format("--view: a port from 0 to {} was expected{}, found '{}'",
                                 std::numeric_limits<unsigned short>::max(),
                                 text.size() < given.size() ? " behind the host" : "", text));
  }
  return port;
}

/// Host and port of [HOST:]PORT; an IPv6 address stands in brackets, as in URLs.
ViewSettings addressOf(const std::string& given) {
  ViewSettings settings;
  const std::size_t colon = given.rfind(':');
  if (colon == std::string::npos) {
    settings.port = portOf(given, given);
    return settings;
  }
  settings.host = given.substr(0, colon);
  settings.port = portOf(std::string_view(given).substr(colon + 1), given);
  const bool bracketed = settings.host.size() > 2 && settings.host.front() == '[' && settings.host.back() == ']';
  if (bracketed) settings.host = settings.host.substr(1, settings.host.size() - 2);
  if (settings.host.empty() || settings.host.find_first_of("[]/@") != std::string::npos) {
    throw UsageError(fmt::format("--view: a host was expected before the colon, found '{}'", given));
  }
  if (!bracketed && settings.host.find(':') != std::string::npos) {
    throw UsageError(fmt::format("--view: an IPv6 address stands in brackets, as in '[::1]:8080'; found '{}'", given));
  }
  return settings;
}

/// One that is not easily guessed, and can stand in a URL as it is.
void checkToken(const std::string& token) {
  constexpr std::size_t kLeast = 8, kMost = 256;
  const auto fits = [](char letter) {
    return (letter >= '0' && letter <= '9') || (letter >= 'a' && letter <= 'z') || (letter >= 'A' && letter <= 'Z') ||
           std::string_view("-._~").find(letter) != std::string_view::npos;
  };
  if (token.size() < kLeast || token.size() > kMost || !std::all_of(token.begin(), token.end(), fits)) {
    throw UsageError(
        fmt::format("--view-token: {} to {} of the signs a-z, A-Z, 0-9 and -._~ were expected", kLeast, kMost));
  }
}

}  // namespace

void addViewOptions(CLI::App& command, ViewOptions& options) {
  command.option_defaults()->group("View in a browser");
  command
      .add_option("--view", options.address,
                  "show all sources live in a browser, at http://127.0.0.1:PORT/; port 0 is any that is free. Another "
                  "host, as in 0.0.0.0:8080, lets other machines in, by a token (docs/guide/view.md)")
      ->type_name("[HOST:]PORT");
  command.add_option("--view-token", options.token, "the token, in place of one that is made up at each start")
      ->type_name("TOKEN");
}

ViewSettings viewSettings(const ViewOptions& options, bool quiet) {
  if (!options.given()) {
    if (options.token) throw UsageError("--view-token needs --view [HOST:]PORT");
    return {};
  }
  ViewSettings settings = addressOf(*options.address);
  if (options.token) {
    checkToken(*options.token);
    settings.token = *options.token;
  }
  if (quiet && settings.port == 0) throw UsageError("--view: nobody learns of port 0 with --quiet; give another port");
  return settings;
}

std::unique_ptr<View> makeView(const ViewOptions& options, bool quiet, const std::string& model,
                               const std::vector<std::string>& names) {
  if (!options.given()) return nullptr;
  try {
    auto view =
        std::make_unique<View>(viewSettings(options, quiet), std::filesystem::path(model).filename().string(), names);
    if (quiet && !options.token && view->needsToken()) {
      throw UsageError("--view: nobody learns of the token with --quiet; give one with --view-token");
    }
    if (!quiet) std::cerr << "view: " << view->url() << "\n";  // not by the log, which hides tokens
    return view;
  } catch (const UsageError&) {
    throw;
  } catch (const std::runtime_error& error) {
    throw std::runtime_error(fmt::format("--view {}: {}", *options.address, error.what()));
  }
}

}  // namespace app
