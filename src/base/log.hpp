// The library's log: see setLog() in trtyolo.hpp. The library itself writes to no stream.
#pragma once

#include <string>

#include "trtyolo.hpp"

namespace trtyolo {

// Whether anybody listens; where a message is expensive to compose, ask first. Any thread.
bool isLogging() noexcept;

// Tells the user's callback, if there is one. Never throws, whatever the callback does. Any thread.
void writeLog(LogLevel level, const char* text) noexcept;
inline void writeLog(LogLevel level, const std::string& text) noexcept {
  writeLog(level, text.c_str());
}

}  // namespace trtyolo
