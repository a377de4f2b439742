//! No-op tasks through node_crunch: `server PORT SIZE` measures, `node PORT` computes nothing.
use node_crunch::{
    nc_decode_data, nc_encode_data, NCConfiguration, NCError, NCJobStatus, NCNode, NCNodeStarter, NCServer,
    NCServerStarter, NodeID,
};
use std::time::Instant;

const WINDOWS: usize = 3;

struct Server {
    next: u64,
    window: u64,
    count: u64,
    start: Option<Instant>,
    rates: Vec<f64>,
}

impl NCServer for Server {
    fn prepare_data_for_node(&mut self, _node: NodeID) -> Result<NCJobStatus, NCError> {
        self.next += 1;
        Ok(NCJobStatus::Unfinished(nc_encode_data(&self.next)?))
    }

    fn process_data_from_node(&mut self, _node: NodeID, data: &[u8]) -> Result<(), NCError> {
        let _number: u64 = nc_decode_data(data)?;
        self.count += 1;
        if self.count < self.window {
            return Ok(());
        }
        if let Some(start) = self.start {
            self.rates.push(self.window as f64 / start.elapsed().as_secs_f64());
        }
        self.start = Some(Instant::now());
        self.count = 0;
        if self.rates.len() == WINDOWS {
            let rates: Vec<String> = self.rates.iter().map(|rate| rate.to_string()).collect();
            println!(
                "{{\"name\":\"no-op tasks, 2 processes\",\"unit\":\"tasks/s\",\"values\":[{}]}}",
                rates.join(",")
            );
            // Its own way to the end takes as long as two heartbeats.
            std::process::exit(0);
        }
        Ok(())
    }

    fn heartbeat_timeout(&mut self, _nodes: Vec<NodeID>) {}

    fn finish_job(&mut self) {}
}

struct Node;

impl NCNode for Node {
    fn process_data_from_server(&mut self, data: &[u8]) -> Result<Vec<u8>, NCError> {
        let number: u64 = nc_decode_data(data)?;
        nc_encode_data(&number)
    }
}

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let configuration = NCConfiguration {
        port: arguments[2].parse().expect("a port"),
        delay_request_data: 1,
        retry_counter: 60,
        ..Default::default()
    };
    if arguments[1] == "server" {
        let size: u64 = arguments[3].parse().expect("a size");
        let server = Server { next: 0, window: 5_000 * size, count: 0, start: None, rates: Vec::new() };
        NCServerStarter::new(configuration).start(server).expect("a server");
        return;
    }
    // The first word of a node has no second try.
    while NCNodeStarter::new(configuration.clone()).start(Node).is_err() {
        std::thread::sleep(std::time::Duration::from_millis(100));
    }
}
