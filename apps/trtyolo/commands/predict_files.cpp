// The command predict as bench measures it: see predict_files.hpp.
#include "commands/predict_files.hpp"

#include <spdlog/spdlog.h>

#include <chrono>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "commands/command.hpp"
#include "commands/predict_command.hpp"

namespace app {

std::function<bench::Speed(std::size_t images)> predictFiles(bench::FilesWork work) {
  spdlog::set_level(spdlog::level::err);
  const auto clones = std::make_shared<Clones>();
  clones->decoder = work.decoder;
  for (int i = 0; i < work.clones; ++i) clones->models.push_back(work.model.clone());
  PredictOptions options;
  options.quiet = true;
  options.fastDecode = work.fastDecode;
  if (work.gpu) options.loading.device = std::to_string(*work.gpu);
  const int batch = work.model.batch();
  return [clones, batch, options = std::move(options), paths = std::move(work.paths)](std::size_t images) {
    std::vector<Source> sources;
    const auto whole = static_cast<std::size_t>(batch);  // each call predicts so many, the last one, too
    images = (images + whole - 1) / whole * whole;
    sources.reserve(images);
    for (std::size_t i = 0; i < images; ++i) sources.push_back({SourceKind::Image, paths[i % paths.size()]});
    PredictCommand command(options, sources, clones);
    const auto start = std::chrono::steady_clock::now();
    if (command.run() != kDone) throw std::runtime_error("the command predict failed; its messages stand above");
    const std::chrono::duration<double> taken = std::chrono::steady_clock::now() - start;
    return bench::Speed{taken.count(), batch, command.summary().predictCalls()};
  };
}

}  // namespace app
