#include "api/performance.hpp"

#include <algorithm>
#include <cmath>
#include <iomanip>
#include <numeric>
#include <sstream>

namespace trtyolo {
namespace {

double percentile(const std::vector<double>& sorted, double percent) {
  const double rank = percent / 100.0 * static_cast<double>(sorted.size() - 1);
  const auto below = static_cast<std::size_t>(std::floor(rank));
  const std::size_t above = std::min(below + 1, sorted.size() - 1);
  return std::lerp(sorted[below], sorted[above], rank - static_cast<double>(below));
}

std::string line(const char* title, const char* unit, const Statistics& figures) {
  std::ostringstream text;
  text << std::fixed << std::setprecision(3) << title << ": min " << figures.min << ' ' << unit << ", max "
       << figures.max << ' ' << unit << ", mean " << figures.mean << ' ' << unit << ", median " << figures.median << ' '
       << unit << ", p90 " << figures.p90 << ' ' << unit << ", p95 " << figures.p95 << ' ' << unit << ", p99 "
       << figures.p99 << ' ' << unit;
  return text.str();
}

}  // namespace

Statistics summarize(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  Statistics figures;
  figures.min = values.front();
  figures.max = values.back();
  figures.mean = std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
  figures.median = percentile(values, 50);
  figures.p90 = percentile(values, 90);
  figures.p95 = percentile(values, 95);
  figures.p99 = percentile(values, 99);
  return figures;
}

void PerformanceLog::add(int images, double hostMilliseconds, const RunTimes& times) {
  const std::lock_guard lock(mutex_);
  const Call call{static_cast<double>(images), hostMilliseconds, times};
  if (calls_.size() < kCapacity) {
    calls_.push_back(call);
    return;
  }
  calls_[next_] = call;
  next_ = (next_ + 1) % kCapacity;
}

std::tuple<std::string, std::string, std::string> PerformanceLog::report() const {
  std::vector<double> throughput, host, device;
  {
    const std::lock_guard lock(mutex_);
    for (const Call& call : calls_) {
      throughput.push_back(call.images / call.host * 1000.0);
      host.push_back(call.host / call.images);
      device.push_back(call.times.network / call.images);
    }
  }
  if (throughput.empty()) {
    return {"throughput: no calls yet", "host latency: no calls yet", "device latency: no calls yet"};
  }
  return {line("throughput", "images/s", summarize(std::move(throughput))),
          line("host latency", "ms", summarize(std::move(host))),
          line("device latency", "ms", summarize(std::move(device)))};
}

Timing PerformanceLog::timing() const {
  std::vector<double> total, before, network, after;
  {
    const std::lock_guard lock(mutex_);
    for (const Call& call : calls_) {
      total.push_back(call.host);
      before.push_back(call.times.before);
      network.push_back(call.times.network);
      after.push_back(call.times.after);
    }
  }
  Timing timing;
  timing.calls = total.size();
  if (timing.calls > 0) {
    timing.total = summarize(std::move(total)).median;
    timing.before = summarize(std::move(before)).median;
    timing.network = summarize(std::move(network)).median;
    timing.after = summarize(std::move(after)).median;
  }
  return timing;
}

}  // namespace trtyolo
