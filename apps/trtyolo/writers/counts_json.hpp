// What JSON has of a frame beside its objects.
#pragma once

#include <vector>

#include "pipeline/counts.hpp"
#include "trtyolo/results.hpp"
#include "writers/json.hpp"

namespace app {

/// {NAME: {"in": 1, "out": 2}, ...}
Json linesOf(const std::vector<LineCount>& lines);

/// {NAME: {"CLASS": 3, ...}, ...}, without classes of which there is none.
Json zonesOf(const std::vector<ZoneCount>& zones);

/// {"CLASS": NAME, ...}
Json namesOf(const trtyolo::ClassNames& names);

}  // namespace app
