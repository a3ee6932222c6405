// What bench tells its readers: the machine, and the rows as a table.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

namespace app {

/// "cpu", "cores", "memory_mb" and "versions" of this machine and program; "gpu" is null.
nlohmann::ordered_json benchMachine();

/// The object of `bench --json` as text for people: what was measured, a line for each row, and what the columns mean.
/// A row with an "error" shows that instead of figures.
std::string benchTable(const nlohmann::ordered_json& report);

/// One finished row in words, for those who wait.
std::string benchLine(const nlohmann::ordered_json& row);

}  // namespace app
