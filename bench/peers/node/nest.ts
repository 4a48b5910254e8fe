// Peer: NestJS as `nest new` makes it, on Express. No authentication.
import 'reflect-metadata';
import { Controller, Get, Module, NotFoundException, Param } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
const { job } = require('./jobs');

@Controller()
class JobsController {
  @Get('jobs/:id') find(@Param('id') id: string) {
    const found = job(id);
    if (!found) throw new NotFoundException();
    return found;
  }
}

@Module({ controllers: [JobsController] })
class AppModule {}

async function main() {
  const app = await NestFactory.create(AppModule, { logger: false });
  await app.listen(+process.env.PORT!, '127.0.0.1');
}
main();
