// Runs what checks.c checks of the interface in C.
#include "c/checks.h"

#include <gtest/gtest.h>

#include "c/picture.hpp"
#include "support/temp_dir.hpp"

namespace trtyolo {
namespace {

void expectNoComplaint(const char* complaint) {
  EXPECT_STREQ(complaint == nullptr ? "" : complaint, "") << trtyolo_last_error();
}

TEST(CArgumentsTest, Null) {
  expectNoComplaint(check_null());
}

TEST(CArgumentsTest, Options) {
  expectNoComplaint(check_options());
}

TEST(CArgumentsTest, WrongFiles) {
  const test::TempDir dir;
  expectNoComplaint(check_wrong_files(dir.write("nothing.onnx", "this is no model").c_str()));
}

class CChecksTest : public testing::Test {
 protected:
  const std::string file_ = test::dataPath("shapes/detect.onnx");
  const cv::Mat picture_ = test::shapes();
  const trtyolo_image image_ = test::imageOf(picture_);
};

TEST_F(CChecksTest, WrongImages) {
  expectNoComplaint(check_wrong_images(file_.c_str(), &image_));
}

TEST_F(CChecksTest, Thresholds) {
  expectNoComplaint(check_thresholds(file_.c_str(), &image_));
}

TEST_F(CChecksTest, OrderOfFreeing) {
  expectNoComplaint(check_order_of_freeing(file_.c_str(), &image_));
}

TEST_F(CChecksTest, TwoThreads) {
  expectNoComplaint(check_two_threads(file_.c_str(), &image_));
}

TEST_F(CChecksTest, Pool) {
  expectNoComplaint(check_pool(file_.c_str(), &image_));
}

TEST_F(CChecksTest, PoolCallbacks) {
  expectNoComplaint(check_pool_callbacks(file_.c_str(), &image_));
}

TEST_F(CChecksTest, PoolRefusals) {
  expectNoComplaint(check_pool_refusals(file_.c_str(), &image_));
}

}  // namespace
}  // namespace trtyolo
