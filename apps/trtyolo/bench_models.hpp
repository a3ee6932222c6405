// Models, clones of one, or callers of a pool, in this process, for bench.
#pragma once

#include <memory>
#include <opencv2/core/mat.hpp>
#include <optional>
#include <vector>

#include "any_model.hpp"
#include "any_pool.hpp"
#include "bench_subject.hpp"
#include "bench_team.hpp"
#include "bench_worker.hpp"
#include "gpu_picture.hpp"

namespace app {

/// A thread for each model, clone or caller of a job.
class BenchModels final : public BenchSubject {
 public:
  /// Loads what the job says. `picture` outlives this.
  BenchModels(const BenchJob& job, const cv::Mat& picture);

  BenchSpeed predict(double seconds) override;
  /// As many requests of one engine as there are clones or as the pool has contexts, or one request of each separate
  /// model.
  BenchSpeed network(double seconds) override;
  BenchState state() override;

 private:
  int batch() const { return models_.front().base().batch(); }
  std::optional<trtyolo::MemoryUse> gpuMemory() const;
  trtyolo::Timing timing() const;
  template <typename Work>
  BenchSpeed together(const Work& work);

  bool separate_;
  int requests_;
  std::size_t objects_ = 0;
  std::vector<AnyModel> models_;
  std::unique_ptr<AnyPool> pool_;  // of the only model
  std::unique_ptr<GpuPicture> onGpu_;
  std::vector<trtyolo::Image> images_;
  std::unique_ptr<Team> team_;
};

}  // namespace app
