fn main() {
    println!("{}", greeting::TEXT);
}
