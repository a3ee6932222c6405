#include "api/self_test.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <utility>
#include <vector>

#include "api/image_check.hpp"
#include "api/option.hpp"
#include "api/test_images.hpp"
#include "base/files.hpp"
#include "base/log.hpp"
#include "base/stopwatch.hpp"
#include "model/self_test/self_test.hpp"
#include "runtime/backends.hpp"
#include "runtime/engine_registry.hpp"
#include "runtime/self_test_file.hpp"
#include "trtyolo.hpp"

namespace trtyolo {
namespace {

constexpr double kNoLimit = std::numeric_limits<double>::infinity();

std::shared_ptr<const Engine> loadForTest(const std::string& file, const EngineOptions& options) {
  return EngineRegistry(file, options, [](const ModelDescription&) {}).loadFirst();
}

// The version of the GPU's driver; empty if it cannot be told.
std::string driverVersion() {
  constexpr std::uint64_t kMostBytes = 64;
  const std::string text = readFile("/sys/module/nvidia/version", kMostBytes).value_or("");
  return text.substr(0, text.find_first_of("\r\n"));
}

std::map<std::string, std::string> versionsOf(const Engine& engine) {
  const ModelInfo& info = engine.description().info;
  std::map<std::string, std::string> versions{
      {"trtyolo", TRTYOLO_VERSION}, {"device", info.device}, {"precision", info.precision}};
  for (const BackendEntry& entry : backendTable()) {
    if (info.backend == toString(entry.id)) {
      versions[info.backend] = entry.version();
    }
  }
  if (const std::string driver = engine.gpu() ? driverVersion() : ""; !driver.empty()) {
    versions["driver"] = driver;
  }
  return versions;
}

// Runs test images through an engine, one at a time, as predict() does it. Gives back all memory with its end.
class TestRun {
 public:
  explicit TestRun(const Engine& engine) : engine_(engine), context_(engine.createContext()) {}

  TestFindings run(const TestImage& image, std::size_t most) {
    constexpr std::size_t kChannels = 3;
    const ModelDescription& model = engine_.description();
    const std::uint8_t* pixels = image.pixels.data();
    if (model.bgrImages) {  // the option's order of images, which these have not
      swapped_ = image.pixels;
      for (std::size_t i = 0; i + 2 < swapped_.size(); i += kChannels) {
        std::swap(swapped_[i], swapped_[i + 2]);
      }
      pixels = swapped_.data();
    }
    ImageView view{pixels, image.size, kChannels, kChannels * static_cast<std::size_t>(image.size.width)};
    view.memory = ImageMemory::Host;
    PostprocessOptions options = model.postprocess;
    options.confidence = kTestConfidence;
    options.maxDetections = kFoundObjects;
    options.topK = kFoundObjects;
    options.classes.clear();
    options.retinaMasks = true;
    const Letterbox letterbox = model.fit(image.size);
    Result result;
    context_->predict({&view, 1}, {&letterbox, 1}, options, {&result, 1});
    result.task = model.info.task;
    return findingsOf(result, most);
  }

 private:
  const Engine& engine_;
  std::unique_ptr<Context> context_;
  std::vector<std::uint8_t> swapped_;
};

// Whether the user said something that changes what goes into the network, or how its outputs are read.
bool changesInput(const DescriptionOptions& options) {
  const PixelOptions& pixels = options.pixels;
  return options.networkSize || !options.rect || options.layout != Layout::Auto || !options.family.empty() ||
         pixels.bgr || pixels.white || pixels.border || pixels.mean || pixels.std ||
         pixels.letterbox != LetterboxMode::Auto;
}

std::string excessOf(const std::map<std::string, double>& parts, const std::map<std::string, double>& most) {
  std::string text;
  for (const auto& [name, value] : parts) {
    if (!(value <= most.at(name))) {
      text += (text.empty() ? "" : ", ") + name + " differs by " + std::to_string(value).substr(0, 5) + ", at most " +
              std::to_string(most.at(name)).substr(0, 5);
    }
  }
  return text;
}

// What was expected and what was found, in words: the object that differs most, if any differs too much, else all.
std::string factsOf(const TestFindings& expected, const TestFindings& found, const TestComparison& comparison,
                    const TestDifference& most, Task task, const ClassNames& names) {
  std::string wanted = wordsOf(expected, task, names), instead = wordsOf(found, task, names);
  TestDifference ofObjects = comparison.difference;
  ofObjects.extra = ofObjects.map = 0;
  if (comparison.worst != TestComparison::kNone && !ofObjects.within(most)) {
    const std::size_t match = comparison.matches[comparison.worst];
    wanted = wordsOf(expected.objects[comparison.worst], names);
    instead = match == TestComparison::kNone ? "nothing like it, but " + instead : wordsOf(found.objects[match], names);
  }
  return "expected was " + wanted + ", found was " + instead;
}

// What is shown beside the expected: the same objects in the same order, or, if some are missing, the surest.
TestFindings shownOf(const TestFindings& expected, const TestFindings& found, const TestComparison& comparison) {
  TestFindings shown = found;
  shown.objects.resize(std::min(found.objects.size(), expected.objects.size()));
  for (std::size_t i = 0; comparison.difference.missing == 0 && i < shown.objects.size(); ++i) {
    shown.objects[i] = found.objects[comparison.matches[i]];
  }
  return shown;
}

std::string adviceFor(const Engine& engine) {
  return engine.description().info.backend == toString(Backend::TensorRT)
             ? "build the engine again from its .onnx on this machine"
             : "fetch the file again; if it was changed on purpose, give it a new self-test (trtyolo self-test)";
}

// What the test says of the engine. Images are left out when `seconds` would not do for another; the first is run
// whatever it takes.
SelfTestReport runSelfTest(const Engine& engine, const SelfTestRecord& test, const EngineOptions& options,
                           double seconds) {
  const ModelDescription& model = engine.description();
  const std::string file = "'" + model.info.file + "': ";
  SelfTestReport report;
  report.there = test.versions;
  report.here = versionsOf(engine);
  report.reference = test.reference;
  const std::string where =
      "; its self-test was made with " + wordsOf(report.there) + ", here are " + wordsOf(report.here);
  const auto end = [&](SelfTestVerdict verdict, const std::string& message) {
    report.verdict = verdict;
    report.message = file + message;
    return report;
  };
  if (test.task != model.info.task) {
    return end(SelfTestVerdict::Failed, "its self-test is of a model for the task '" +
                                            std::string(toString(test.task)) + "', and this one's is '" +
                                            toString(model.info.task) + "': the metadata of another model?" + where);
  }
  if (const std::string input = inputOf(model, test.items.front().image.size); input != test.input) {
    const std::string facts = "its self-test was made with an input of " + test.input + ", here it is " + input;
    return changesInput(options.description)
               ? end(SelfTestVerdict::Skipped, facts + ", as options ask for; it was not run")
               : end(SelfTestVerdict::Failed,
                     facts + ": the metadata of another model, or an option is missing with which it was made" + where);
  }
  const auto precision = test.versions.find("precision");
  const std::string& here = model.info.precision;
  const bool same = precision != test.versions.end() && here == precision->second && here != toString(Precision::Auto);
  const bool exact = same || here == toString(Precision::F32);
  const TestDifference tolerance = toleranceOf(test.measured, exact);
  report.tolerance = tolerance.parts(test.task);
  TestRun run(engine);
  Stopwatch watch;
  std::string failure;
  for (const SelfTestRecord::Item& item : test.items) {
    if (!report.images.empty() &&
        report.seconds + report.seconds / static_cast<double>(report.images.size()) > seconds) {
      break;
    }
    const TestFindings found = run.run(item.image, kFoundObjects);
    const TestComparison comparison = compare(item.expected, found, test.task, item.image.size);
    SelfTestImage image;
    image.width = item.image.size.width;
    image.height = item.image.size.height;
    image.expected = wordsOf(item.expected, test.task, model.info.names);
    image.found = wordsOf(shownOf(item.expected, found, comparison), test.task, model.info.names);
    image.difference = comparison.difference.parts(test.task);
    image.passed = comparison.difference.within(tolerance);
    report.images.push_back(image);
    report.seconds += watch.lap() / 1000;
    if (!image.passed && failure.empty()) {
      failure = "in image " + std::to_string(report.images.size()) + " of " + std::to_string(test.items.size()) + " " +
                factsOf(item.expected, found, comparison, tolerance, test.task, model.info.names) + " (" +
                excessOf(image.difference, report.tolerance) + ")";
    }
  }
  return failure.empty()
             ? end(SelfTestVerdict::Passed, "does here what it did where its self-test was made")
             : end(SelfTestVerdict::Failed, "does not do here what it did where its self-test was made: " + failure +
                                                where + "; " + adviceFor(engine));
}

// What the record of an engine's file says, if it has one.
SelfTestReport reportOf(const Engine& engine, const std::string& record, const EngineOptions& options, double seconds) {
  const std::string file = "'" + engine.description().info.file + "': ";
  SelfTestReport report;
  try {
    return runSelfTest(engine, parseSelfTest(record), options, seconds);
  } catch (const InferenceError& error) {
    report.verdict = SelfTestVerdict::Failed;
    report.message = file + "it does not run here, as its self-test tried: " + error.what();
  } catch (const DeviceError& error) {
    report.verdict = SelfTestVerdict::Skipped;
    report.message = file + "its self-test could not be run: " + error.what();
  } catch (const Error& error) {
    report.verdict = SelfTestVerdict::Unreadable;
    report.message = file + "its self-test cannot be read: " + error.what();
  }
  return report;
}

// --- making one

// What an object is, beside others: its class, and whether it is small, of middle size or large, which different layers
// of a network find.
std::pair<int, int> kindOf(const TestObject& object, Size image) {
  constexpr float kSmall = 0.12F, kMiddle = 0.4F;
  float extent = 0;
  for (std::size_t i = 0; i + 1 < object.corners.size(); i += 2) {
    extent = std::max(
        {extent, std::abs(object.corners[i] - object.corners[0]), std::abs(object.corners[i + 1] - object.corners[1])});
  }
  const float share = extent / static_cast<float>(std::max(image.width, image.height));
  return {object.classIndex, share < kSmall ? 0 : share < kMiddle ? 1 : 2};
}

// Which of the images, the most telling one first: those with the surest objects, of other kinds than before.
std::vector<std::size_t> mostTelling(const std::vector<SelfTestRecord::Item>& items, Task task) {
  std::vector<std::size_t> order;
  std::set<std::pair<int, int>> seen;
  const auto worth = [&](const SelfTestRecord::Item& item) {
    constexpr float kSaturated = 0.995F;  // what a network takes for certain may stay so whatever becomes of it
    const TestFindings& findings = item.expected;
    double sum = 0;
    for (const TestObject& object : findings.objects) {
      sum += object.score * (seen.contains(kindOf(object, item.image.size)) ? 0.25 : 1.0) *
             (object.score > kSaturated ? 0.05 : 1.0);
    }
    if (task == Task::Semantic) {
      sum += static_cast<double>(std::set<float>(findings.cells.begin(), findings.cells.end()).size());
    } else if (!findings.cells.empty()) {
      const auto [least, most] = std::minmax_element(findings.cells.begin(), findings.cells.end());
      sum += static_cast<double>(*most - *least);
    }
    return sum;
  };
  while (order.size() < std::min(SelfTestRecord::kImages, items.size())) {
    std::size_t best = items.size();
    double most = -1;
    for (std::size_t i = 0; i < items.size(); ++i) {
      const bool taken = std::find(order.begin(), order.end(), i) != order.end();
      if (!taken && !items[i].expected.empty() && worth(items[i]) > most) {
        most = worth(items[i]);
        best = i;
      }
    }
    if (best == items.size()) {
      break;
    }
    order.push_back(best);
    for (const TestObject& object : items[best].expected.objects) {
      seen.insert(kindOf(object, items[best].image.size));
    }
  }
  return order;
}

// Of those of the caller.
constexpr std::size_t kMostImages = 32;

// Those of the caller, and the drawings.
std::vector<TestImage> smallImages(const std::vector<Image>& images, const EngineOptions& options) {
  std::vector<TestImage> small;
  for (std::size_t i = 0; i < std::min(images.size(), kMostImages); ++i) {
    if (options.deviceImages && images[i].memory == ImageMemory::AsOption) {
      throw std::invalid_argument("addSelfTest: images must be in host memory, and enableCudaMem() says otherwise");
    }
    small.push_back(
        smallImage(checkedView(images[i], std::nullopt, i, std::nullopt), options.description.pixels.swapRB));
  }
  for (TestImage& drawn : drawnImages()) {
    small.push_back(std::move(drawn));
  }
  return small;
}

std::vector<TestFindings> findIn(const std::vector<TestImage>& images, const Engine& engine, std::size_t most) {
  TestRun run(engine);
  std::vector<TestFindings> findings;
  findings.reserve(images.size());
  for (const TestImage& image : images) {
    findings.push_back(run.run(image, most));
  }
  return findings;
}

// How the f32 model is loaded: its input has the size that the file's has.
EngineOptions referenceOptions(EngineOptions options, const std::string& reference, const ModelInfo& file) {
  const auto table = backendTable();
  const bool openVino =
      std::any_of(table.begin(), table.end(), [](const BackendEntry& entry) { return entry.id == Backend::OpenVINO; });
  options.precision = Precision::F32;
  options.backend = openVino ? Backend::OpenVINO : Backend::Auto;
  options.deviceImages = false;
  options.description.head = HeadMode::Auto;
  options.description.networkSize.reset();
  options.description.batch = 1;
  if (inspectFile(reference, options).info.dynamicSize) {
    options.description.networkSize = Size{file.networkWidth, file.networkHeight};
  }
  return options;
}

}  // namespace

const char* toString(SelfTestVerdict verdict) {
  switch (verdict) {
    case SelfTestVerdict::None:
      return "none";
    case SelfTestVerdict::Passed:
      return "passed";
    case SelfTestVerdict::Failed:
      return "failed";
    case SelfTestVerdict::Skipped:
      return "skipped";
    case SelfTestVerdict::Unreadable:
      break;
  }
  return "unreadable";
}

void testOnLoad(const Engine& engine, const EngineOptions& options, SelfTest mode) {
  constexpr double kMostSeconds = 0.15;  // what follows the last image is not in it
  if (!engine.description().selfTest) {
    return;
  }
  const std::string record = std::exchange(*engine.description().selfTest, {});
  if (mode == SelfTest::Off || record.empty()) {
    return;
  }
  const SelfTestReport report = reportOf(engine, record, options, kMostSeconds);
  const bool refused = report.verdict == SelfTestVerdict::Failed || report.verdict == SelfTestVerdict::Unreadable;
  if (refused && mode == SelfTest::Refuse) {
    throw ModelError(report.message);
  }
  if (report.verdict != SelfTestVerdict::Passed) {
    writeLog(refused ? LogLevel::Warning : LogLevel::Info, report.message);
  }
}

SelfTestReport checkSelfTest(const std::string& file, const InferOption& option) {
  const EngineOptions& options = option.impl().engine;
  const std::shared_ptr<const Engine> engine = loadForTest(file, options);
  if (!engine->description().selfTest) {
    SelfTestReport report;
    report.message = "'" + file + "': it has no self-test";
    return report;
  }
  return reportOf(*engine, *engine->description().selfTest, options, kNoLimit);
}

SelfTestReport addSelfTest(const std::string& file, const std::string& reference, const std::vector<Image>& images,
                           const InferOption& option) {
  const EngineOptions& options = option.impl().engine;
  const std::vector<TestImage> small = smallImages(images, options);
  const std::shared_ptr<const Engine> engine = loadForTest(file, options);
  const ModelDescription& model = engine->description();
  const std::vector<TestFindings> found = findIn(small, *engine, kFoundObjects);
  SelfTestRecord test;
  test.task = model.info.task;
  test.versions = versionsOf(*engine);
  std::shared_ptr<const Engine> first = engine;
  const bool f32 = model.info.precision == toString(Precision::F32);
  if (!reference.empty() || (!f32 && ModelSource(file).kind() != FileKind::TensorRtEngine)) {
    const std::string& of = reference.empty() ? file : reference;
    first = loadForTest(of, referenceOptions(options, of, model.info));
  }
  if (first->description().info.task != test.task) {
    throw ModelError("'" + file + "': it is for the task '" + toString(test.task) + "', and the reference '" +
                     reference + "' is for '" + toString(first->description().info.task) + "'");
  }
  std::vector<TestFindings> expected = first == engine ? found : findIn(small, *first, kExpectedObjects);
  for (TestFindings& findings : expected) {
    findings.keep(kExpectedObjects);
  }
  test.reference = wordsOf(versionsOf(*first));
  first.reset();

  // Objects of the reference, and those that the file reproduces.
  std::vector<SelfTestRecord::Item> items;
  std::size_t all = 0, kept = 0;
  std::string example;
  for (std::size_t i = 0; i < small.size(); ++i) {
    const Size size = small[i].size;
    const TestComparison comparison = compare(expected[i], found[i], test.task, size);
    items.push_back({small[i], reproduced(expected[i], comparison, found[i], size)});
    if (!images.empty() && i >= std::min(images.size(), kMostImages)) {
      continue;  // drawings may be strange to it
    }
    all += expected[i].objects.size() + (expected[i].cells.empty() ? 0 : 1);
    kept += items[i].expected.objects.size() + (items[i].expected.cells.empty() ? 0 : 1);
    if (example.empty() && !expected[i].empty()) {
      example = factsOf(expected[i], found[i], comparison, {}, test.task, model.info.names);
    }
  }
  if (all == 0) {
    throw ModelError("'" + file +
                     "': a self-test cannot be made, since the model finds nothing in the images; give "
                     "images of what it was trained on");
  }
  constexpr std::size_t kLeastShare = 4;  // one of so many
  if (kept == 0 || kept * kLeastShare < all) {
    throw ModelError("'" + file + "': a self-test cannot be made, since it does not find what its reference finds: " +
                     std::to_string(kept) + " of " + std::to_string(all) + " objects; " + example);
  }
  for (const std::size_t i : mostTelling(items, test.task)) {
    test.measured = test.measured.with(compare(items[i].expected, found[i], test.task, small[i].size).difference);
    test.items.push_back(items[i]);
  }
  test.input = inputOf(model, test.items.front().image.size);
  const std::string record = selfTestJson(test);
  writeSelfTest(file, record);
  return reportOf(*engine, record, options, kNoLimit);
}

void removeSelfTest(const std::string& file) {
  writeSelfTest(file, {});
}

}  // namespace trtyolo
