// What a model does with the self-test of its file.
#pragma once

#include "runtime/engine.hpp"
#include "runtime/options.hpp"
#include "trtyolo/options.hpp"

namespace trtyolo {

// Runs the self-test of an engine that was just loaded, on a context that is gone afterwards, and frees its record.
// Throws ModelError if it fails and is to be refused; otherwise what is wrong goes to the log.
void testOnLoad(const Engine& engine, const EngineOptions& options, SelfTest mode);

}  // namespace trtyolo
