// What is refused, and why.
#pragma once

#include <stdexcept>
#include <string>

namespace trtyolo::test {

// What the std::invalid_argument says that `call()` throws; empty: it throws nothing.
template <typename Call>
std::string refusalOf(const Call& call) {
  try {
    call();
  } catch (const std::invalid_argument& error) {
    return error.what();
  }
  return "";
}

}  // namespace trtyolo::test
