// How rows of streams are measured: see measure_streams.hpp.
#include "measure_streams.hpp"

#include <algorithm>
#include <array>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>

namespace bench {
namespace {

using Json = nlohmann::ordered_json;

/// Share of the decoder and of the network that `n` streams take.
Json sharesOf(const Json& row, double n) {
  const double frames = n * row["fps"].get<double>();
  return {{"decoder_share", frames / row["decoder_frames_per_s"].get<double>()},
          {"network_share", frames / row["network_images_per_s"].get<double>()}};
}

void rename(Json& row, const char* from, const char* to) {
  row[to] = row[from];
  row.erase(from);
}

/// What of a paced run is said of the first number that does not fit.
struct Tried {
  int n = 0;
  Json paced;
};

bool fits(const Json& paced, double limit) {
  return paced["behind"] == 0 && paced["p99_ms"].get<double>() <= limit;
}

std::string fullFirst(const Json& row, const Tried& tooMany) {
  const Json shares = sharesOf(row, tooMany.n);
  const std::array<std::pair<double, const char*>, 3> all{std::pair{shares["decoder_share"].get<double>(), "decoder"},
                                                          {shares["network_share"].get<double>(), "network"},
                                                          {tooMany.paced["cpu_share"].get<double>(), "processor"}};
  return std::max_element(all.begin(), all.end())->second;
}

}  // namespace

Json measureStreams(const Ask& ask, const Job& job, double seconds, const std::function<void(double)>& onProgress,
                    bool sharesCores) {
  const double cores = std::max(1U, std::thread::hardware_concurrency());
  const double sharedCores = sharesCores ? std::min(1.0, job.n / cores) : 0;  // a stream has one thread
  Json row = measure(
      ask, job, seconds, [&](double share) { onProgress(share / 2); }, sharedCores)["row"];
  rename(row, "images_per_s", "frames_per_s");
  rename(row, "decoder_images_per_s", "decoder_frames_per_s");
  rename(row, "limit_images_per_s", "limit_frames_per_s");
  row.update(ask("paced " + std::to_string(seconds)));
  row.update(sharesOf(row, job.n));
  row.update(ask("work"));
  onProgress(1);
  return {{"row", rounded(std::move(row))}};
}

Json mostStreams(const Ask& ask, Job job, double limit, double seconds, const std::function<void(double)>& onProgress,
                 bool sharesCores) {
  const auto paced = [&](int n) {
    ask("streams " + std::to_string(n));
    ask("predict 0");  // opens the videos
    return ask("paced " + std::to_string(seconds));
  };
  Tried tooMany;
  int most = 0;
  for (int n = 1; n <= kMostStreams && tooMany.n == 0; n *= 2) {
    Json found = paced(n);
    if (fits(found, limit)) {
      most = n;
    } else {
      tooMany = {n, std::move(found)};
    }
  }
  constexpr int kParts = 32;
  while (tooMany.n - most > std::max(1, most / kParts)) {
    const int n = (most + tooMany.n) / 2;
    Json found = paced(n);
    if (fits(found, limit)) {
      most = n;
    } else {
      tooMany = {n, std::move(found)};
    }
  }
  if (most == 0) {
    throw std::runtime_error("one stream alone has a p99 of " + tooMany.paced["p99_ms"].dump() + " ms" +
                             (tooMany.paced["behind"] == 0 ? "" : ", and falls behind"));
  }
  job.n = most;
  ask("streams " + std::to_string(most));
  ask("predict 0");
  Json row = measureStreams(ask, job, seconds, onProgress, sharesCores)["row"];
  row["n"] = most;
  row["limit_p99_ms"] = limit;
  if (tooMany.n > 0) {
    row["full_at"] = tooMany.n;
    row["full_p99_ms"] = tooMany.paced["p99_ms"];
    row["full_behind"] = tooMany.paced["behind"];
    row["full_first"] = fullFirst(row, tooMany);
  }
  return {{"row", rounded(std::move(row))}};
}

}  // namespace bench
