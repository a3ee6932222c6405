// The folder of engines that were built on this machine, and of TensorRT's timings.
#pragma once

#include <string>

namespace trtyolo {

// Engines are machine code, and whoever can put one there can run code as this user. So the folder is this user's own,
// and nobody else may even look into it; otherwise there is none.
struct CacheFolder {
  std::string path;     // without links; empty: there is none
  std::string whyNone;  // and then why, and what to do, in a sentence
};

// TRTYOLO_CACHE, else trtyolo in XDG_CACHE_HOME, else ~/.cache/trtyolo; made with mode 0700 if it is missing. Of the
// latter two, which are the library's own, an elder one that others may read is closed to them; what the user has named
// is left as it is. Where files have no owners (Windows), only that it can be made. Any thread.
CacheFolder openCacheFolder();

// The name of a cached engine: the beginning of the model's own, so that people find it, and its key.
std::string cachedEngineName(const std::string& model, const std::string& key);

// The name of a file of TensorRT's timings, which are those of one version on one kind of GPU.
std::string timingsName(const std::string& gpu, const std::string& version);

}  // namespace trtyolo
