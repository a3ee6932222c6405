// Metrics of pools as Prometheus reads them.
#include <cmath>
#include <functional>
#include <locale>
#include <sstream>
#include <utility>
#include <vector>

#include "model/metadata.hpp"
#include "trtyolo/pool.hpp"

namespace trtyolo {
namespace {

using Pools = std::map<std::string, PoolMetrics>;

// In UTF-8, as the format wants it: one label that is not would spoil the whole text.
std::string escaped(const std::string& text) {
  std::string safe;
  for (const char c : validUtf8(text)) {
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
  void each(const std::string& name, const char* type, const char* help, Value PoolMetrics::*value) {
    family(name, type, help);
    for (const auto& [pool, metrics] : pools_) {
      line(pool, "", "", metrics.*value);
    }
  }

  // `value`: of a PoolDeviceMetrics.
  template <typename Value>
  void devices(const std::string& name, const char* type, const char* help, Value value) {
    family(name, type, help);
    for (const auto& [pool, metrics] : pools_) {
      for (const PoolDeviceMetrics& device : metrics.devices) {
        const std::string label = device.gpu ? std::to_string(*device.gpu) : "cpu";
        line(pool, "", "device=\"" + label + '"', std::invoke(value, device));
      }
    }
  }

  // `parts`: labels, or none, and what is measured of each.
  void times(const std::string& name, const char* help,
             const std::vector<std::pair<std::string, PoolTimes PoolMetrics::*>>& parts) {
    family(name, "histogram", help);
    for (const auto& [pool, metrics] : pools_) {
      for (const auto& [label, part] : parts) {
        const PoolTimes& times = metrics.*part;
        const std::string more = label.empty() ? "" : label + ',';
        for (std::size_t i = 0; i < times.below.size(); ++i) {
          bucket(pool, more, std::ldexp(1e-9, 16 + static_cast<int>(i)), times.below[i]);
        }
        line(pool, "_bucket", more + "le=\"+Inf\"", times.count);
        line(pool, "_sum", label, times.sum / 1000);
        line(pool, "_count", label, times.count);
      }
    }
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
  text.each("submitted_total", "counter", "Images accepted.", &PoolMetrics::submitted);
  text.family("done_total", "counter", "Images that are done, by how they ended.");
  for (const auto& [pool, metrics] : pools) {
    text.line(pool, "", "outcome=\"finished\"", metrics.finished);
    text.line(pool, "", "outcome=\"failed\"", metrics.failed);
    text.line(pool, "", "outcome=\"expired\"", metrics.expired);
    text.line(pool, "", "outcome=\"cancelled\"", metrics.cancelled);
    text.line(pool, "", "outcome=\"dropped\"", metrics.dropped);
  }
  text.each("rejected_total", "counter", "Images not accepted because the queue was full.", &PoolMetrics::rejected);
  text.each("blocked", "gauge", "Images before a full queue.", &PoolMetrics::blocked);
  text.each("waiting", "gauge", "Images in the queue.", &PoolMetrics::waiting);
  text.each("undecoded", "gauge", "Encoded images in the queue that are not decoded yet.", &PoolMetrics::undecoded);
  text.family("decoded_total", "counter", "Encoded images that were decoded, by what decoded them.");
  for (const auto& [pool, metrics] : pools) {
    text.line(pool, "", "by=\"gpu\"", metrics.decoded.gpu);
    text.line(pool, "", "by=\"cpu\"", metrics.decoded.cpu);
  }
  text.family("decode_failed_total", "counter", "Encoded images that could not be decoded.");
  for (const auto& [pool, metrics] : pools) {
    text.line(pool, "", "", metrics.decoded.failed);
  }
  text.family("decode_refused_total", "counter", "Encoded images that a GPU did not take, and that the CPU tried.");
  for (const auto& [pool, metrics] : pools) {
    text.line(pool, "", "", metrics.decoded.refused);
  }
  text.each("longest_queue", "gauge", "Most images that ever waited in the queue.", &PoolMetrics::longestQueue);
  text.each("running", "gauge", "Images in a run.", &PoolMetrics::running);
  text.each("rerun_total", "counter", "Times that an image was run again because its GPU failed.", &PoolMetrics::rerun);
  text.devices("device_runs_total", "counter", "Runs of each device that gave results.", &PoolDeviceMetrics::runs);
  text.devices("device_images_total", "counter", "Images of these runs.", &PoolDeviceMetrics::images);
  text.devices("device_running", "gauge", "Runs of each device at work.", &PoolDeviceMetrics::running);
  text.devices("device_failed", "gauge", "1 if the device has failed for good, and is left out if others work.",
               [](const PoolDeviceMetrics& device) { return device.failure.empty() ? 0 : 1; });
  text.family("batch_size", "histogram", "Images of each run.");
  for (const auto& [pool, metrics] : pools) {
    text.batchSizes(pool, metrics.batchSizes);
  }
  text.times("queue_seconds", "Time of each image from the call to the start of its run.",
             {{"", &PoolMetrics::queueTime}});
  text.times("decode_seconds", "Time of each call of the decoder.", {{"", &PoolMetrics::decode}});
  text.times("stage_seconds", "Time of the stages of each run.",
             {{"stage=\"preprocess\"", &PoolMetrics::preprocess},
              {"stage=\"inference\"", &PoolMetrics::inference},
              {"stage=\"postprocess\"", &PoolMetrics::postprocess}});
  text.times("latency_seconds", "Time of each image that has a result from the call to the result.",
             {{"", &PoolMetrics::latency}});
  return text.take();
}

}  // namespace trtyolo
