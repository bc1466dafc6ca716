//! Tells cargo which folders the embedded themes come from, so that a new file is picked up.

fn main() {
    for folder in ["dist", "base", "riverside", "basement", "arena"] {
        println!("cargo::rerun-if-changed=../../tenant-themes/{folder}");
    }
}
