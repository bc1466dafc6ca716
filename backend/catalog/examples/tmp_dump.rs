fn main() {
    let b = std::fs::read("/work/shared/data/seating/stadium.json").unwrap();
    let (d, _) = marquee_catalog::plan::repair_file(&b).unwrap();
    println!("{}", serde_json::to_string(&marquee_catalog::plan::Drawing::of(&d)).unwrap());
}
