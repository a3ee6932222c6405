// Percentiles in bounded memory, and Prometheus' text.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>
#include <sstream>
#include <vector>

#include "pool/histogram.hpp"

namespace trtyolo {
namespace {

TEST(HistogramTest, NothingYet) {
  const PoolTimes times = Histogram().times();
  EXPECT_EQ(times.count, 0U);
  EXPECT_EQ(times.median + times.p99 + times.max + times.sum, 0);
  EXPECT_EQ(times.below.back(), 0U);
}

TEST(HistogramTest, PercentilesAreWithinTwoPercent) {
  std::mt19937 random(1);
  for (const double scale : {1e-4, 0.01, 1.0, 300.0, 20000.0}) {  // of milliseconds
    std::lognormal_distribution<double> durations(std::log(scale), 1);
    Histogram histogram;
    std::vector<double> all;
    for (int i = 0; i < 20000; ++i) {
      all.push_back(durations(random));
      histogram.add(all.back());
    }
    std::sort(all.begin(), all.end());
    const auto exact = [&](double percent) {
      return all[static_cast<std::size_t>(std::ceil(percent / 100 * static_cast<double>(all.size()))) - 1];
    };
    const PoolTimes times = histogram.times();
    EXPECT_EQ(times.count, all.size());
    // Of the shortest, whole nanoseconds are counted.
    EXPECT_NEAR(times.median, exact(50), 0.02 * exact(50) + 1e-6);
    EXPECT_NEAR(times.p90, exact(90), 0.02 * exact(90) + 1e-6);
    EXPECT_NEAR(times.p95, exact(95), 0.02 * exact(95) + 1e-6);
    EXPECT_NEAR(times.p99, exact(99), 0.02 * exact(99) + 1e-6);
    EXPECT_EQ(times.max, all.back());
    for (std::size_t i = 0; i < times.below.size(); ++i) {
      const double bound = std::ldexp(1e-6, 16 + static_cast<int>(i));
      EXPECT_EQ(times.below[i],
                static_cast<std::uint64_t>(std::lower_bound(all.begin(), all.end(), bound) - all.begin()))
          << bound << " ms of " << scale;
    }
  }
}

TEST(HistogramTest, ExtremesStayInside) {
  Histogram histogram;
  for (const double duration : {-1.0, 0.0, 1e-9, 1e12}) {
    histogram.add(duration);
  }
  const PoolTimes times = histogram.times();
  EXPECT_EQ(times.count, 4U);
  EXPECT_EQ(times.max, 1e12);
  EXPECT_EQ(times.below.front(), 3U);
  EXPECT_EQ(times.below.back(), 3U);
  EXPECT_GT(times.p99, 2e5);
}

// The value of a line, which must be there once.
double valueOf(const std::string& text, const std::string& line) {
  const std::size_t at = text.find('\n' + line + ' ');
  EXPECT_NE(at, std::string::npos) << line << " is not in\n" << text;
  EXPECT_EQ(text.find('\n' + line + ' ', at + 1), std::string::npos) << line;
  return at == std::string::npos ? -1 : std::stod(text.substr(at + line.size() + 2));
}

TEST(PrometheusTest, LinesOfTwoPools) {
  PoolMetrics metrics;
  metrics.submitted = 12345678901;
  metrics.finished = 7;
  metrics.expired = 2;
  metrics.waiting = 3;
  metrics.decoded = {5, 6, 4, 3};
  metrics.rerun = 9;
  metrics.devices = {{0, 3, 20, 1, ""}, {3, 4, 24, 0, "it \"failed\""}};
  metrics.batchSizes = {5, 0, 2};
  Histogram histogram;
  histogram.add(0.05);
  histogram.add(3);
  metrics.latency = histogram.times();
  const std::string text = '\n' + prometheus({{"street", metrics}, {"a \"b\\\n", {}}});
  EXPECT_EQ(valueOf(text, "trtyolo_pool_submitted_total{pool=\"street\"}"), 12345678901);
  EXPECT_EQ(valueOf(text, "trtyolo_pool_submitted_total{pool=\"a \\\"b\\\\\\n\"}"), 0);
  EXPECT_EQ(valueOf(text, "trtyolo_pool_done_total{pool=\"street\",outcome=\"finished\"}"), 7);
  EXPECT_EQ(valueOf(text, "trtyolo_pool_done_total{pool=\"street\",outcome=\"expired\"}"), 2);
  EXPECT_EQ(valueOf(text, "trtyolo_pool_waiting{pool=\"street\"}"), 3);
  EXPECT_EQ(valueOf(text, "trtyolo_pool_decoded_total{pool=\"street\",by=\"gpu\"}"), 5);
  EXPECT_EQ(valueOf(text, "trtyolo_pool_decoded_total{pool=\"street\",by=\"cpu\"}"), 6);
  EXPECT_EQ(valueOf(text, "trtyolo_pool_decode_refused_total{pool=\"street\"}"), 4);
  EXPECT_EQ(valueOf(text, "trtyolo_pool_decode_failed_total{pool=\"street\"}"), 3);
  EXPECT_EQ(valueOf(text, "trtyolo_pool_rerun_total{pool=\"street\"}"), 9);
  EXPECT_EQ(valueOf(text, "trtyolo_pool_device_runs_total{pool=\"street\",device=\"0\"}"), 3);
  EXPECT_EQ(valueOf(text, "trtyolo_pool_device_images_total{pool=\"street\",device=\"3\"}"), 24);
  EXPECT_EQ(valueOf(text, "trtyolo_pool_device_running{pool=\"street\",device=\"0\"}"), 1);
  EXPECT_EQ(valueOf(text, "trtyolo_pool_device_failed{pool=\"street\",device=\"0\"}"), 0);
  EXPECT_EQ(valueOf(text, "trtyolo_pool_device_failed{pool=\"street\",device=\"3\"}"), 1);
  EXPECT_EQ(valueOf(text, "trtyolo_pool_batch_size_bucket{pool=\"street\",le=\"2\"}"), 5);
  EXPECT_EQ(valueOf(text, "trtyolo_pool_batch_size_bucket{pool=\"street\",le=\"+Inf\"}"), 7);
  EXPECT_EQ(valueOf(text, "trtyolo_pool_batch_size_sum{pool=\"street\"}"), 11);
  const std::string pool = "{pool=\"street\"";
  EXPECT_EQ(valueOf(text, "trtyolo_pool_latency_seconds_bucket" + pool + ",le=\"6.5536e-05\"}"), 1);
  EXPECT_EQ(valueOf(text, "trtyolo_pool_latency_seconds_bucket" + pool + ",le=\"17.17986918\"}"), 2);
  EXPECT_EQ(valueOf(text, "trtyolo_pool_latency_seconds_count" + pool + "}"), 2);
  EXPECT_NEAR(valueOf(text, "trtyolo_pool_latency_seconds_sum" + pool + "}"), 0.00305, 1e-9);
}

TEST(PrometheusTest, NamesThatAreNotUtf8) {
  const std::string text = prometheus({{"caf\xE9 \xC3\xA9", {}}});
  EXPECT_EQ(text.find('\xE9'), std::string::npos);
  EXPECT_NE(text.find("{pool=\"caf\xEF\xBF\xBD \xC3\xA9\"}"), std::string::npos) << text;
}

// Each family is told of once, before its lines, and nothing else is in the text.
TEST(PrometheusTest, Form) {
  std::istringstream text(prometheus({{"a", {}}, {"b", {}}}));
  std::vector<std::string> families;
  std::string line, name, help;
  while (std::getline(text, line)) {
    if (line.rfind("# HELP ", 0) == 0) {
      help = line.substr(7, line.find(' ', 7) - 7);
    } else if (line.rfind("# TYPE ", 0) == 0) {
      name = line.substr(7, line.find(' ', 7) - 7);
      EXPECT_EQ(name, help);
      EXPECT_EQ(std::count(families.begin(), families.end(), name), 0);
      families.push_back(name);
    } else {
      EXPECT_EQ(line.rfind(name, 0), 0U) << line;
      EXPECT_NE(line.find("{pool=\""), std::string::npos) << line;
    }
  }
  EXPECT_EQ(families.size(), 21U);
}

}  // namespace
}  // namespace trtyolo
