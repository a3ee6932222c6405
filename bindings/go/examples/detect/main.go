// One model, one clone, one image: detect MODEL IMAGE.jpg
package main

import (
	"fmt"
	"image"
	_ "image/jpeg"
	_ "image/png"
	"os"

	"trtyolo"
)

func read(file string) (image.Image, error) {
	input, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer input.Close()
	picture, _, err := image.Decode(input)
	return picture, err
}

func run(file, source string) error {
	picture, err := read(source)
	if err != nil {
		return err
	}
	model, err := trtyolo.Load(file)
	if err != nil {
		return err
	}
	defer model.Close()
	found, err := model.Predict(trtyolo.FromImage(picture))
	if err != nil {
		return err
	}
	for i := range found.Classes {
		fmt.Printf("%s %.2f %v\n", found.Names[i], found.Scores[i], found.Boxes[i])
	}

	clone, err := model.Clone() // same weights, own execution context: for another goroutine
	if err != nil {
		return err
	}
	defer clone.Close()
	again, err := clone.Predict(trtyolo.FromImage(picture))
	if err != nil {
		return err
	}
	fmt.Printf("the clone finds %d of %d objects\n", len(again.Classes), len(found.Classes))
	return nil
}

func main() {
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: detect MODEL IMAGE")
		os.Exit(2)
	}
	if err := run(os.Args[1], os.Args[2]); err != nil {
		fmt.Fprintln(os.Stderr, "detect:", err)
		os.Exit(1)
	}
}
