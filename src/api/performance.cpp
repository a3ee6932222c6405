#include "api/performance.hpp"

#include <algorithm>
#include <cmath>
#include <iomanip>
#include <numeric>
#include <sstream>
#include <stdexcept>
#include <utility>

namespace trtyolo {
namespace {

double percentileOfSorted(const std::vector<double>& sorted, double percent) {
  const double rank = percent / 100.0 * static_cast<double>(sorted.size() - 1);
  const auto below = static_cast<std::size_t>(std::floor(rank));
  const std::size_t above = std::min(below + 1, sorted.size() - 1);
  return std::lerp(sorted[below], sorted[above], rank - static_cast<double>(below));
}

std::string line(const char* title, const char* unit, std::vector<double> values) {
  std::sort(values.begin(), values.end());
  std::ostringstream text;
  text << std::fixed << std::setprecision(3) << title;
  const char* separator = ": ";
  const auto add = [&](const char* name, double figure) {
    text << std::exchange(separator, ", ") << name << ' ' << figure << ' ' << unit;
  };
  add("min", values.front());
  add("max", values.back());
  add("mean", std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size()));
  add("median", percentileOfSorted(values, 50));
  add("p90", percentileOfSorted(values, 90));
  add("p95", percentileOfSorted(values, 95));
  add("p99", percentileOfSorted(values, 99));
  return text.str();
}

}  // namespace

double percentile(std::vector<double> values, double percent) {
  if (values.empty() || !(percent >= 0 && percent <= 100)) {
    throw std::invalid_argument("percentile: values and 0 to 100 percent were expected, found " +
                                std::to_string(values.size()) + " values and " + std::to_string(percent) + " percent");
  }
  std::sort(values.begin(), values.end());
  return percentileOfSorted(values, percent);
}

void PerformanceLog::add(int images, double hostMilliseconds, const StageTimes& times) {
  const std::lock_guard lock(mutex_);
  const Call call{static_cast<double>(images), hostMilliseconds, times};
  if (calls_.size() < kCapacity) {
    calls_.push_back(call);
    return;
  }
  calls_[next_] = call;
  next_ = (next_ + 1) % kCapacity;
}

std::vector<PerformanceLog::Call> PerformanceLog::calls() const {
  const std::lock_guard lock(mutex_);
  return calls_;
}

std::vector<double> PerformanceLog::valuesOf(const std::vector<Call>& calls, double (*value)(const Call&)) {
  std::vector<double> values(calls.size());
  std::transform(calls.begin(), calls.end(), values.begin(), value);
  return values;
}

std::tuple<std::string, std::string, std::string> PerformanceLog::report() const {
  const std::vector<Call> all = calls();
  if (all.empty()) {
    return {"throughput: no calls yet", "host latency: no calls yet", "device latency: no calls yet"};
  }
  return {
      line("throughput", "images/s", valuesOf(all, [](const Call& call) { return call.images / call.host * 1e3; })),
      line("host latency", "ms", valuesOf(all, [](const Call& call) { return call.host / call.images; })),
      line("device latency", "ms", valuesOf(all, [](const Call& call) { return call.times.inference / call.images; }))};
}

Timing PerformanceLog::timing() const {
  const std::vector<Call> all = calls();
  Timing timing;
  timing.calls = all.size();
  if (timing.calls > 0) {
    const auto median = [&](double (*value)(const Call&)) { return percentile(valuesOf(all, value), 50); };
    timing.total = median([](const Call& call) { return call.host; });
    timing.preprocess = median([](const Call& call) { return call.times.preprocess; });
    timing.inference = median([](const Call& call) { return call.times.inference; });
    timing.postprocess = median([](const Call& call) { return call.times.postprocess; });
  }
  return timing;
}

}  // namespace trtyolo
