// Processes with a model each: see bench_processes.hpp.
#include "bench_processes.hpp"

#include <stdexcept>
#include <utility>

namespace app {
namespace {

using Json = nlohmann::ordered_json;

BenchState stateOf(const Json& json) {
  BenchState state;
  state.batch = json["batch"].get<int>();
  state.imagesOfACall = json["images"].get<int>();
  state.task = static_cast<trtyolo::Task>(json["task"].get<int>());
  state.objects = json["objects"].get<std::size_t>();
  state.timing.before = json["before"].get<double>();
  state.timing.network = json["network"].get<double>();
  state.timing.after = json["after"].get<double>();
  state.process.resident = json["resident"].get<double>();
  state.process.proportional = json["proportional"].get<double>();
  if (json.contains("gpu")) {
    const auto values = json["gpu"].get<std::vector<std::size_t>>();
    state.gpu = trtyolo::MemoryUse{values[0], values[1], values[2], values[3], values[4], static_cast<int>(values[5])};
  }
  return state;
}

}  // namespace

Json asJson(const BenchSpeed& speed) {
  return {{"seconds", speed.seconds}, {"latencies", speed.latencies}};
}

Json asJson(const BenchState& state) {
  Json json{{"batch", state.batch},
            {"images", state.imagesOfACall},
            {"task", static_cast<int>(state.task)},
            {"objects", state.objects},
            {"before", state.timing.before},
            {"network", state.timing.network},
            {"after", state.timing.after},
            {"resident", state.process.resident},
            {"proportional", state.process.proportional}};
  if (state.gpu) {
    const trtyolo::MemoryUse& use = *state.gpu;
    json["gpu"] = {use.engine, use.contexts, use.scratch, use.buffers, use.pinned, use.executors};
  }
  return json;
}

BenchProcesses::BenchProcesses(int count, const std::vector<std::string>& arguments) {
  while (static_cast<int>(children_.size()) < count) children_.push_back(std::make_unique<Child>(arguments));
}

BenchSpeed BenchProcesses::speed(const char* what, double seconds) {
  BenchSpeed all;
  for (const Json& answer : ask(std::string(what) + " " + std::to_string(seconds))) {
    all.addBeside({answer["seconds"].get<double>(), answer["latencies"].get<std::vector<double>>()});
  }
  return all;
}

BenchState BenchProcesses::state() {
  BenchState all;
  bool first = true;
  for (const Json& answer : ask(kTellState)) {
    const BenchState one = stateOf(answer);
    if (std::exchange(first, false)) {
      all = one;
      all.timing = {};
    } else {
      all.process.resident += one.process.resident;
      all.process.proportional += one.process.proportional;
      if (one.gpu) *all.gpu += *one.gpu;
    }
    addShare(all.timing, one.timing, children_.size());
  }
  return all;
}

/// Tells all, then hears all.
std::vector<Json> BenchProcesses::ask(const std::string& command) {
  for (const auto& child : children_) child->tell(command);
  std::vector<Json> answers;
  for (const auto& child : children_) {
    Json answer;
    while (!answer.is_object()) {  // a library's own words may come between
      const auto line = child->hear();
      if (!line) throw std::runtime_error("one of the processes " + child->wait().how());
      answer = Json::parse(*line, nullptr, false);
    }
    if (answer.contains("error")) throw std::runtime_error(answer["error"].get<std::string>());
    answers.push_back(std::move(answer));
  }
  return answers;
}

}  // namespace app
