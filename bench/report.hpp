// What bench tells its readers.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

namespace bench {

/// No line is longer, but for a word that is.
inline constexpr std::size_t kColumns = 100;

/// The object of `bench --json` as text for people: what was measured, a line for each row, and what the columns mean.
/// A row with an "error" shows that instead of figures. `all`: further tables with all that was measured.
std::string table(const nlohmann::ordered_json& report, bool all);

/// One finished row in words, for those who wait.
std::string line(const nlohmann::ordered_json& row);

}  // namespace bench
