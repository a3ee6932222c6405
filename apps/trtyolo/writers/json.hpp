// JSON whose objects keep the order in which they were made.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <utility>

namespace app {

using Json = nlohmann::ordered_json;

/// Appends to an object without looking for an equal key, which would take longer with each; there must be none.
inline void append(Json& object, std::string key, Json value) {
  using Pairs = Json::object_t::Container;
  static_cast<Pairs&>(object.get_ref<Json::object_t&>()).emplace_back(std::move(key), std::move(value));
}

/// On one line. File names and class names need not be UTF-8; JSON must be.
inline std::string toText(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace app
