// The command line of a small program: `--name value`, `--flag`, and one word without a name.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdlib>
#include <exception>
#include <iostream>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

namespace bench {

/// The command line makes no sense.
class UsageError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// The words of a command line. Each is to be asked for once; what is left in the end is refused.
class Arguments {
 public:
  Arguments(int argc, char** argv) : words_(argv + 1, argv + argc) {}

  bool flag(const std::string& name) {
    const auto found = std::find(words_.begin(), words_.end(), name);
    const bool said = found != words_.end();
    if (said) words_.erase(found);
    return said;
  }

  /// A word; empty if it is not said.
  std::string text(const std::string& name) {
    const auto found = std::find(words_.begin(), words_.end(), name);
    if (found == words_.end()) return "";
    if (found + 1 == words_.end()) throw UsageError(name + " needs a value");
    std::string value = *(found + 1);
    words_.erase(found, found + 2);
    return value;
  }

  /// A number of at least `least`; `usual` if it is not said.
  template <typename Number>
  Number number(const std::string& name, Number least, Number usual) {
    const std::vector<Number> said = numbers<Number>(name, least, {usual});
    if (said.size() != 1) throw UsageError(name + " takes one number");
    return said.front();
  }

  /// Numbers with commas between them.
  template <typename Number>
  std::vector<Number> numbers(const std::string& name, Number least, std::vector<Number> usual) {
    const auto found = std::find(words_.begin(), words_.end(), name);
    if (found == words_.end()) return usual;
    if (found + 1 == words_.end()) throw UsageError(name + " needs a value");
    std::vector<Number> values;
    std::istringstream list(*(found + 1));
    for (std::string part; std::getline(list, part, ',');) {
      std::istringstream text(part);
      Number value{};
      if (!(text >> value) || !text.eof() || value < least) {
        std::ostringstream message;
        message << name << ": a number of at least " << least << " was expected, found '" << part << "'";
        throw UsageError(message.str());
      }
      values.push_back(value);
    }
    if (values.empty()) throw UsageError(name + " needs a value");
    words_.erase(found, found + 2);
    return values;
  }

  /// The word that is left; `what` is it to be.
  std::string rest(const std::string& what) const {
    for (const std::string& word : words_) {
      if (word.rfind('-', 0) == 0) throw UsageError("unknown option " + word);
    }
    if (words_.size() != 1) throw UsageError(words_.empty() ? what + " is missing" : "one " + what + " was expected");
    return words_.front();
  }

 private:
  std::vector<std::string> words_;
};

/// What main() does: shows `usage` if it is asked for, else calls `body` with the command line. The program's status.
template <typename Body>
int runProgram(const std::string& name, const char* usage, int argc, char** argv, const Body& body) {
  try {
    Arguments arguments(argc, argv);
    if (arguments.flag("--help")) {
      std::cout << usage;
      return EXIT_SUCCESS;
    }
    body(arguments);
    return EXIT_SUCCESS;
  } catch (const UsageError& error) {
    std::cerr << name << ": " << error.what() << "\n" << usage;
    return 2;
  } catch (const std::exception& error) {
    std::cerr << name << ": " << error.what() << '\n';
    return EXIT_FAILURE;
  }
}

}  // namespace bench
