// The command predict: what it is on the command line.
#include <spdlog/spdlog.h>

#include <memory>

#include "commands/command.hpp"
#include "commands/multi_source_predictor.hpp"
#include "commands/predict_command.hpp"
#include "commands/predict_options.hpp"
#include "input/sources.hpp"
#include "writers/output_file.hpp"

namespace app {

void addPredict(CLI::App& program, std::vector<Command>& commands) {
  CLI::App* command = program.add_subcommand("predict", "Run a model over images, folders, videos, cameras or streams");
  const auto options = std::make_shared<PredictOptions>();
  addPredictOptions(*command, *options);
  commands.push_back({command, [options] {
                        if (options->quiet) spdlog::set_level(spdlog::level::err);
                        checkUsage(*options);
                        const std::vector<Source> sources = findSources(options->sources);
                        const bool allAtOnce = predictsAllAtOnce(*options, sources);
                        if (allAtOnce && options->slice) {
                          throw UsageError("--slice takes one source after another, not several at once (--together)");
                        }
                        for (const std::string& folder : {options->save, options->saveText}) {
                          if (!folder.empty()) makeFolder(folder);
                        }
                        return allAtOnce ? predictAllAtOnce(*options, sources)
                                         : PredictCommand(*options, sources).run();
                      }});
}

}  // namespace app
