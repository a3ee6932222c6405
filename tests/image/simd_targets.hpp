// Tests that choose among the SIMD targets of this machine.
#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <vector>

#include "hwy/highway.h"

namespace trtyolo::test {

class SimdTargetsTest : public testing::Test {
 protected:
  ~SimdTargetsTest() override { useTargets(0); }

  static std::vector<std::int64_t> targets() {
    useTargets(0);
    return hwy::SupportedAndGeneratedTargets();
  }

  // Lets the library use this one target only; 0 for all.
  static void useTargets(std::int64_t target) {
    hwy::SetSupportedTargetsForTest(target);
    hwy::GetChosenTarget().Update(hwy::SupportedTargets());
  }
};

}  // namespace trtyolo::test
