// The tests; and, started by them as bench starts itself, a process that answers lines.
#include <gtest/gtest.h>

#include <csignal>
#include <cstdlib>
#include <iostream>
#include <string>
#include <thread>

#include "child.hpp"

namespace {

int answerLines() {
  bench::beChild();
  for (std::string line; std::getline(std::cin, line);) {
    const std::string command = line.substr(0, line.find(' '));
    if (command == "noise") std::cout << "words of a library\n\n[1]\n";
    if (command == "die") std::raise(SIGKILL);
    if (command == "exit") std::exit(3);
    if (command == "sleep") std::this_thread::sleep_for(std::chrono::hours(1));
    if (command == "fail") {
      std::cout << R"({"error": "it failed"})" << std::endl;
    } else {
      std::cout << R"({"answer": )" << (command == "say" ? line.substr(4) : "7") << "}" << std::endl;
    }
  }
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  if (bench::isChild()) return answerLines();
  testing::InitGoogleTest(&argc, argv);
  return RUN_ALL_TESTS();
}
