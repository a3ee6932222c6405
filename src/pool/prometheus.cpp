// Metrics of pools as Prometheus reads them.
#include <cmath>
#include <locale>
#include <sstream>

#include "trtyolo/pool.hpp"

namespace trtyolo {
namespace {

using Pools = std::map<std::string, PoolMetrics>;

std::string escaped(const std::string& text) {
  std::string safe;
  for (const char c : text) {
    if (c == '\n') {
      safe += "\\n";
      continue;
    }
    if (c == '\\' || c == '"') {
      safe += '\\';
    }
    safe += c;
  }
  return safe;
}

// Writes one family of metrics after the other, each with all pools in it, as the format wants it.
class Text {
 public:
  explicit Text(const Pools& pools) : pools_(pools) {
    text_.imbue(std::locale::classic());
    text_.precision(10);
  }

  void family(const std::string& name, const char* type, const char* help) {
    name_ = "trtyolo_pool_" + name;
    text_ << "# HELP " << name_ << ' ' << help << "\n# TYPE " << name_ << ' ' << type << '\n';
  }

  // A line of `pool`; `label`, if any, is a name and a value of it.
  template <typename Value>
  void line(const std::string& pool, const std::string& suffix, const std::string& label, Value value) {
    text_ << name_ << suffix << "{pool=\"" << escaped(pool) << '"' << (label.empty() ? "" : ",") << label << "} "
          << value << '\n';
  }

  template <typename Value>
  void each(Value PoolMetrics::*value) {
    for (const auto& [pool, metrics] : pools_) {
      line(pool, "", "", metrics.*value);
    }
  }

  void stage(const std::string& pool, const char* stage, const PoolTimes& times) {
    const std::string label = std::string("stage=\"") + stage + '"';
    for (std::size_t i = 0; i < times.below.size(); ++i) {
      bucket(pool, label + ',', std::ldexp(1e-9, 16 + static_cast<int>(i)), times.below[i]);
    }
    line(pool, "_bucket", label + ",le=\"+Inf\"", times.count);
    line(pool, "_sum", label, times.sum / 1000);
    line(pool, "_count", label, times.count);
  }

  void batchSizes(const std::string& pool, const std::vector<std::uint64_t>& runs) {
    std::uint64_t count = 0, images = 0;
    for (std::size_t i = 0; i < runs.size(); ++i) {
      count += runs[i];
      images += runs[i] * (i + 1);
      bucket(pool, "", static_cast<double>(i + 1), count);
    }
    line(pool, "_bucket", "le=\"+Inf\"", count);
    line(pool, "_sum", "", images);
    line(pool, "_count", "", count);
  }

  std::string take() { return text_.str(); }

 private:
  void bucket(const std::string& pool, const std::string& label, double bound, std::uint64_t value) {
    std::ostringstream le;
    le.imbue(std::locale::classic());
    le.precision(10);
    le << label << "le=\"" << bound << '"';
    line(pool, "_bucket", le.str(), value);
  }

  const Pools& pools_;
  std::ostringstream text_;
  std::string name_;
};

}  // namespace

std::string prometheus(const Pools& pools) {
  Text text(pools);
  text.family("submitted_total", "counter", "Images accepted.");
  text.each(&PoolMetrics::submitted);
  text.family("done_total", "counter", "Images that are done, by how they ended.");
  for (const auto& [pool, metrics] : pools) {
    text.line(pool, "", "outcome=\"finished\"", metrics.finished);
    text.line(pool, "", "outcome=\"failed\"", metrics.failed);
    text.line(pool, "", "outcome=\"expired\"", metrics.expired);
    text.line(pool, "", "outcome=\"cancelled\"", metrics.cancelled);
    text.line(pool, "", "outcome=\"dropped\"", metrics.dropped);
  }
  text.family("refused_total", "counter", "Images not accepted because the queue was full.");
  text.each(&PoolMetrics::refused);
  text.family("blocked", "gauge", "Images before a full queue.");
  text.each(&PoolMetrics::blocked);
  text.family("waiting", "gauge", "Images in the queue.");
  text.each(&PoolMetrics::waiting);
  text.family("longest_queue", "gauge", "Most images that ever waited in the queue.");
  text.each(&PoolMetrics::longestQueue);
  text.family("running", "gauge", "Images in a run.");
  text.each(&PoolMetrics::running);
  text.family("batch_size", "histogram", "Images of each run.");
  for (const auto& [pool, metrics] : pools) {
    text.batchSizes(pool, metrics.batchSizes);
  }
  text.family("stage_seconds", "histogram",
              "Durations: wait and whole of each image; before, network and after of each run.");
  for (const auto& [pool, metrics] : pools) {
    text.stage(pool, "wait", metrics.wait);
    text.stage(pool, "before", metrics.before);
    text.stage(pool, "network", metrics.network);
    text.stage(pool, "after", metrics.after);
    text.stage(pool, "whole", metrics.whole);
  }
  return text.take();
}

}  // namespace trtyolo
