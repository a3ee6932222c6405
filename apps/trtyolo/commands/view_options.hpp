// The options of predict that show its sources in a browser.
#pragma once

#include <CLI/CLI.hpp>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "view/view.hpp"

namespace app {

/// What the command line says of it.
struct ViewOptions {
  std::optional<std::string> address;  ///< as given: [HOST:]PORT
  std::optional<std::string> token;

  bool given() const { return address.has_value(); }
};

/// Adds them to `command`, in a group of their own.
void addViewOptions(CLI::App& command, ViewOptions& options);

/// `quiet`: nobody is told the view's URL.
/// @throws UsageError  they contradict each other, or an address or a token is none
ViewSettings viewSettings(const ViewOptions& options, bool quiet);

/// The view that the options ask for, and a message with its URL; null if they ask for none. For the arguments see
/// View.
/// @throws std::runtime_error  its port cannot be had
std::unique_ptr<View> makeView(const ViewOptions& options, bool quiet, const std::string& model,
                               const std::vector<std::string>& names);

}  // namespace app
