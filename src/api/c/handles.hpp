// What stands behind the objects of trtyolo.h, and how errors cross its border.
#pragma once

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <map>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "trtyolo.h"
#include "trtyolo.hpp"

// A trtyolo_info is a trtyolo::ModelInfo of a model or pool.

struct trtyolo_options {
  trtyolo::InferOption value;
};

struct trtyolo_model {
  trtyolo::Model value;
};

struct trtyolo_result {
  explicit trtyolo_result(trtyolo::Result&& result);

  trtyolo::Result value;
  std::map<int, std::string> numbers;  // of its objects' classes that have no name, as text
};

struct trtyolo_pool_options {
  trtyolo::PoolOption value;
};

struct trtyolo_pool {
  trtyolo::Pool<> value;
};

struct trtyolo_ticket {
  trtyolo::Ticket<> value;
};

namespace trtyolo::c {

// A call that breaks the rules of trtyolo.h. The message lacks the function's name, which guarded() adds.
struct MisuseError : std::invalid_argument {
  using std::invalid_argument::invalid_argument;
};

// Keeps what the exception that is being handled says for trtyolo_last_error(), and gives its status. In a catch
// clause.
trtyolo_status rememberError(const char* function) noexcept;

// Runs `body`, which is that of `function`; what it throws becomes a status.
template <class Body>
trtyolo_status guarded(const char* function, Body&& body) noexcept {
  try {
    std::forward<Body>(body)();
    return TRTYOLO_OK;
  } catch (...) {
    return rememberError(function);
  }
}

// `pointer`, which is the argument `name`.
// @throws MisuseError  it is NULL
template <class Pointer>
Pointer required(Pointer pointer, const char* name) {
  if (pointer == nullptr) {
    throw MisuseError(std::string(name) + " must not be NULL");
  }
  return pointer;
}

// Changes what stands behind an object by `set`.
template <class Object, class Set>
trtyolo_status change(Object* object, const char* function, Set set) noexcept {
  return guarded(function, [&] { set(required(object, "the object")->value); });
}

// NULL, until there is something to give.
template <class Object>
void clear(Object** given, std::size_t count = 1) noexcept {
  if (given != nullptr) {
    std::fill_n(given, count, nullptr);
  }
}

// `array[0]` to `array[count - 1]`, of which an interface in C is told by the argument `name`.
template <class Value>
std::vector<Value> listOf(const Value* array, std::size_t count, const char* name) {
  if (count > 0) {
    required(array, name);
  }
  return std::vector<Value>(array, array + count);
}

// The same of texts.
std::vector<std::string> textsOf(const char* const* texts, std::size_t count, const char* name);

// A copy for trtyolo_string_free().
char* copyOf(const std::string& text);

// An image as the interface in C++ has it.
// @throws MisuseError  a member has a value that only the interface in C can have
Image imageOf(const trtyolo_image& image);

// Hands what a model or pool finds in images to the caller: all or none.
template <class Predictor>
trtyolo_status predict(Predictor* predictor, const char* function, const trtyolo_image* images, std::size_t count,
                       trtyolo_result** results) noexcept {
  clear(results, count);
  return guarded(function, [&] {
    required(predictor, "the object");
    if (count > 0) {
      required(images, "images");
      required(results, "results");
    }
    std::vector<Image> views;
    std::transform(images, images + count, std::back_inserter(views), imageOf);
    std::vector<std::unique_ptr<trtyolo_result>> made;
    made.reserve(count);
    for (Result& result : predictor->value.predict(views)) {
      made.push_back(std::make_unique<trtyolo_result>(std::move(result)));
    }
    std::transform(made.begin(), made.end(), results, [](auto& result) { return result.release(); });
  });
}

inline const trtyolo_info* handleOf(const ModelInfo& info) {
  return reinterpret_cast<const trtyolo_info*>(&info);
}

}  // namespace trtyolo::c
