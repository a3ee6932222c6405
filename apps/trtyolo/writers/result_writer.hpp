// The results of predict as JSON, CSV and label files.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "pipeline/item.hpp"
#include "trtyolo.hpp"

namespace app {

class Table;

/// Which results are to be written, and where to; what is empty is not asked for. All are text in UTF-8: bytes of names
/// that are not become U+FFFD.
struct ResultFiles {
  /// One JSON object, written image by image; "-" is standard output. A file whose name ends with ".ndjson": an object
  /// on a line for each image, each whole in the file before the next.
  std::string json;
  /// A line for each object, below a heading that depends on the task; "-" is standard output. Those of an image are in
  /// the file before the next.
  std::string csv;
  bool times = false;   ///< in `csv`: a column for the time of frames
  bool tracks = false;  ///< in `csv`: a column for the ids of tracks
  bool then = false;    ///< in `csv`: columns for the best that a second model says of each object
  /// A folder, which exists, for Ultralytics' label files: one for each image, with what trtyolo::Result::toTxt()
  /// gives; none for an image in which nothing was found. They have the names of Item::fileName().
  std::string labels;
  bool labelScores = false;
};

/// Takes every item in the order of the sources, then finish(). What goes wrong with one item or one file is named on
/// standard error and costs no other. An object that is destroyed before finish() leaves no JSON file behind; what is
/// written line by line stays, as it does if the process is killed. `model` outlives it. For one thread.
class ResultWriter {
 public:
  /// @throws std::runtime_error  names the file that cannot be opened, and the reason
  ResultWriter(ResultFiles files, const trtyolo::ModelInfo& model);
  ~ResultWriter();
  ResultWriter(const ResultWriter&) = delete;
  ResultWriter& operator=(const ResultWriter&) = delete;

  /// Writes the item, also one with an error, and names the error. Adds to Item::saveError what goes wrong here.
  void add(Item& item);
  void finish();

  /// True if a file could not be written, so that it is not there.
  bool failed() const { return failed_; }
  /// True if whoever read the results has gone.
  bool readerIsGone() const { return readerIsGone_; }
  /// True if files were asked for, and none of them can be written any more.
  bool isLost() const;

 private:
  void addLabels(Item& item) const;
  template <typename Work>
  void attempt(std::unique_ptr<Table>& table, const Work& work);

  ResultFiles files_;
  std::vector<std::unique_ptr<Table>> tables_;  ///< one that failed is null
  bool failed_ = false, readerIsGone_ = false;
};

}  // namespace app
