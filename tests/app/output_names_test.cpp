// Names of output files: each source has its own, and many equal ones take no longer each than a few.
#include "writers/output_names.hpp"

#include <gtest/gtest.h>

#include <set>

namespace app {
namespace {

TEST(OutputNamesTest, ManyEqualOnes) {
  constexpr int kCount = 100'000;  // pairs of them would be 5 billion
  OutputNames names("", {});
  std::set<std::string> given;
  for (int i = 0; i < kCount; ++i) {
    given.insert(names.claim("frame", false));
  }
  EXPECT_EQ(given.size(), static_cast<std::size_t>(kCount));
  EXPECT_EQ(names.claim("frame", false), "frame_" + std::to_string(kCount + 1));
}

TEST(OutputNamesTest, PicturesAndVideosOfOneName) {
  OutputNames names("", {});
  EXPECT_EQ(names.claim("a", false), "a");
  EXPECT_EQ(names.claim("a", true), "a_2");  // whose frames are a_2_1, a_2_2
  EXPECT_EQ(names.claim("a", false), "a_3");
  EXPECT_EQ(names.claim("a_2", false), "a_2-2");
  EXPECT_EQ(names.claim("a_2", false), "a_2-3");
  EXPECT_EQ(names.claim("a_2_1", false), "a_2_1_2");
}

}  // namespace
}  // namespace app
