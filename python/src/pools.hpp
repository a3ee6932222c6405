// Pools for Python.
#pragma once

#include <nanobind/nanobind.h>

namespace trtyolo::python {

/// Adds a pool for each of the five models, PoolTicket, PoolMetrics, PoolTimes and prometheus(). After the models.
void bindPools(nanobind::module_& module);

}  // namespace trtyolo::python
